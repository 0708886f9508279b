"""Moves: copies that take the place of messages, in their queue or among dead letters."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final

import structlog

from recado.errors import DisconnectedError, TransportError
from recado.transport import copies
from recado.transport.base import DEAD_LETTERS, Delivery
from recado.transport.rabbitmq import parcels
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.publisher import ReturnedError
from recado.transport.rabbitmq.received import Received

if TYPE_CHECKING:
    from recado.transport.rabbitmq.transport import RabbitTransport

log = structlog.get_logger()

_PAUSE_S: Final = 1.0
"""How long to wait after a copy was refused that may be taken later."""


def replacement(
    delivery: Delivery, told: Received, ceiling: int, now: float
) -> Parcel | None:
    """Return the copy that takes a message's place before anybody sees it, if any does.

    It is among the dead letters after too many attempts, gives an id to what has none,
    or begins the broker's count anew.
    """
    if delivery.attempt > ceiling and delivery.queue != DEAD_LETTERS:
        return parcels.copy(delivery, copies.condemned(delivery, now), DEAD_LETTERS)
    if not (told.is_foreign or told.is_due_for_copy):
        return None
    own = copies.adopted(told.headers) if told.is_foreign else told.headers
    headers = copies.numbered(own, delivery.attempt, suspect=told.is_suspect)
    return parcels.copy(delivery, headers, delivery.queue)


class Moves:
    """The copies of one consumer's messages on their way; it is told as each batch ends."""

    def __init__(
        self, transport: RabbitTransport, queue: str, ended: Callable[[], None]
    ) -> None:
        self._transport = transport
        self._queue = queue
        self._ended = ended
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def are_over(self) -> bool:
        """Whether nothing is on its way."""
        return not self._tasks

    def put_back(
        self, deliveries: Sequence[Delivery], then: Callable[[], None] | None = None
    ) -> None:
        """Have copies go to the end of the queue: the same attempt, the same suspicion.

        ``then`` is called when they are there.
        """
        self.begin([(each, parcels.released(each)) for each in deliveries], then)

    def begin(
        self,
        moved: Sequence[tuple[Delivery, Parcel]],
        then: Callable[[], None] | None = None,
    ) -> None:
        """Have copies stand for messages, which end when the copies are safe."""
        if moved:
            task = asyncio.create_task(self._carry_out(moved, then))
            self._tasks.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._ended()

    async def _carry_out(
        self,
        moved: Sequence[tuple[Delivery, Parcel]],
        then: Callable[[], None] | None,
    ) -> None:
        sent = [parcel for _, parcel in moved]
        while True:
            try:
                if await self._are_taken(sent):
                    break
            except DisconnectedError:  # everything ends: it goes back by itself
                return
            except TransportError as error:
                log.warning(
                    "transport.copy_failed", queue=self._queue, error=str(error)
                )
            await asyncio.sleep(_PAUSE_S)
        for delivery, _ in moved:
            delivery.tag.lane.ack(delivery.tag.number)
        if then is not None:
            then()

    async def _are_taken(self, sent: Sequence[Parcel]) -> bool:
        """Send copies; return whether the queues that they are for were there."""
        try:
            await self._transport.publisher.publish(sent)
        except ReturnedError as error:
            self._transport.topology.forget(error.queues)
            for queue in error.queues:
                await self._transport.topology.restore(queue)
            return False
        return True

    def cancel(self) -> None:
        """Give up what is on its way: the originals go back with their channel."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Give up what is on its way, and return when that is so."""
        self.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
