"""Holding: what is held for long is kept from the broker's impatience by copies.

RabbitMQ closes a channel on which a message was delivered half an hour ago and is not
acknowledged. So after a shorter time a copy takes the message's place, in a queue that
this process alone consumes, and the original ends; later another copy takes the place of
that one. The copy counts as the next attempt: if the process dies, the queue's
time-to-live sends it back to where the message came from.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog

from recado.errors import TransportError
from recado.ids import new_id
from recado.transport import copies
from recado.transport.base import Delivery
from recado.transport.rabbitmq import ladder, parcels
from recado.transport.rabbitmq.death import COUNTS
from recado.transport.rabbitmq.lane import Arrival, Lane
from recado.transport.rabbitmq.publisher import ReturnedError
from recado.transport.rabbitmq.received import HOLD, read
from recado.transport.rabbitmq.session import LostError

if TYPE_CHECKING:
    from recado.transport.rabbitmq.consumer import RabbitConsumer
    from recado.transport.rabbitmq.transport import RabbitTransport

log = structlog.get_logger()

_CONSUMER: Final = "held"
_TAG: Final = _CONSUMER.encode()


class Holding:
    """The held copies of one consumer, in a queue of their own."""

    def __init__(self, consumer: RabbitConsumer, transport: RabbitTransport) -> None:
        self._consumer = consumer
        self._transport = transport
        self._queue = f"recado.hold.{ladder.word(consumer.queue)}.{new_id()}"
        self._lane: Lane | None = None
        self._is_used = False
        self._numbers = itertools.count(1)
        self._coming: dict[str, Delivery] = {}
        """Deliveries whose copies are on their way, by the number of the copy."""
        self._long: set[Delivery] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._moving: asyncio.Task[None] | None = None

    @property
    def count(self) -> int:
        """How many deliveries are held by a copy."""
        return len(self._long)

    async def resume(self, lane: Lane) -> None:
        """Take part in a new channel; copies of a lost one come back on it."""
        self._lane = lane
        if self._is_used:
            await lane.consume(self._queue, _CONSUMER, 0)

    def lost(self) -> None:
        """Forget everything: the channel is gone."""
        self._lane = None
        self._coming.clear()
        self._long.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def forget(self, delivery: Delivery) -> None:
        """Note that a delivery has ended."""
        self._long.discard(delivery)

    def watch(self) -> None:
        """See to it that what is held now is not held for too long."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self._transport.hold_s, self._look)

    def _look(self) -> None:
        self._timer = None
        loop = asyncio.get_running_loop()
        due = self._consumer.due(loop.time() - self._transport.hold_s)
        due = [each for each in due if each not in self._coming.values()]
        if due and self._lane is not None and self._moving is None:
            self._moving = asyncio.create_task(self._take_over(due, self._lane))
            self._moving.add_done_callback(self._moved)
        oldest = self._consumer.oldest
        if oldest is not None:
            wait_s = oldest + self._transport.hold_s - loop.time()
            # What is on its way still looks old.
            wait_s = max(wait_s, self._transport.hold_s / 10)
            self._timer = loop.call_later(wait_s, self._look)

    def _moved(self, _: asyncio.Task[None]) -> None:
        self._moving = None

    async def _take_over(self, due: Sequence[Delivery], lane: Lane) -> None:
        numbered = {str(next(self._numbers)): delivery for delivery in due}
        try:
            if not self._is_used:
                await self._transport.topology.add_hold(
                    self._queue, self._consumer.queue
                )
                self._is_used = True
                await lane.consume(self._queue, _CONSUMER, 0)
            self._coming.update(numbered)
            await self._transport.publisher.publish(
                [
                    parcels.copy(delivery, self._headers(delivery, number), self._queue)
                    for number, delivery in numbered.items()
                ]
            )
        except (TransportError, ReturnedError, LostError) as error:
            for number in numbered:
                self._coming.pop(number, None)
            self._is_used = self._is_used and not isinstance(error, ReturnedError)
            log.warning(
                "transport.hold_failed", queue=self._consumer.queue, error=str(error)
            )

    def _headers(self, delivery: Delivery, number: str) -> dict[str, str]:
        headers = copies.numbered(
            delivery.message.headers, delivery.attempt + 1, suspect=True
        )
        return {**headers, HOLD: number}

    def takes(self, arrival: Arrival) -> bool:
        """Take an arrival that is a held copy; false if it is not."""
        if arrival.consumer != _TAG:
            return False
        headers = {
            name: value
            for name, value in arrival.content.headers.items()
            if name not in COUNTS
        }
        told = read(headers, self._consumer.queue, redelivered=False)
        delivery = self._coming.pop(told.hold, None)
        if delivery is None or arrival.redelivered:
            self._consumer.give_back(arrival, told)
        elif self._consumer.renewed(delivery, arrival.tag):
            self._long.add(delivery)
            self._consumer.stir()
        else:
            arrival.lane.ack(arrival.tag)
        return True
