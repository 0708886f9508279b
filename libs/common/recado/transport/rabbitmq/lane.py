"""Lanes: a channel that messages are delivered on, and acknowledged together."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import structlog
from aiormq.abc import AbstractChannel

from recado.transport.rabbitmq import frames
from recado.transport.rabbitmq.acks import Acks
from recado.transport.rabbitmq.frames import Content
from recado.transport.rabbitmq.session import LostError, Session

log = structlog.get_logger()

_UNREADABLE: Final = Content({}, None, 0, "")


@dataclass(slots=True, eq=False)
class Arrival:
    """A message as it was delivered, to one of the consumers on a lane."""

    lane: Lane
    consumer: bytes
    tag: int
    redelivered: bool
    content: Content = _UNREADABLE
    body: bytes = b""


class Lane:
    """A channel with one consumer or more; all that it holds is lost with it."""

    def __init__(
        self,
        session: Session,
        channel: AbstractChannel,
        arrived: Callable[[list[Arrival]], None],
        lost: Callable[[str], None],
    ) -> None:
        self.is_lost = False
        self._session = session
        self._channel = channel
        self._number: int = channel.number
        self._arrived = arrived
        self._lost = lost
        self._acks = Acks()
        self._is_acking = False
        self._loop = asyncio.get_running_loop()
        self._coming: Arrival | None = None
        self._missing = 0
        self._parts: list[bytes] = []
        self._batch: list[Arrival] = []

    @classmethod
    async def open(
        cls,
        session: Session,
        arrived: Callable[[list[Arrival]], None],
        lost: Callable[[str], None],
    ) -> Lane:
        """Open a channel; ``arrived`` gets what comes, ``lost`` the reason of its end."""
        lane = cls(session, await session.channel(), arrived, lost)
        if session.is_lost:
            raise LostError
        session.tap.sinks[lane._number] = lane
        return lane

    # What comes

    def frame(self, kind: int, data: bytes, at: int, end: int) -> bool:
        """Take a frame of a delivery."""
        if kind == frames.METHOD:
            return self._method(data, at)
        if self._coming is None:
            return False
        if kind == frames.HEADER:
            self._header(self._coming, data, at)
        else:
            self._parts.append(data[at:end])
            self._missing -= end - at
        if self._missing <= 0:
            self._complete(self._coming)
        return True

    def _method(self, data: bytes, at: int) -> bool:
        method = frames.NUMBER.unpack_from(data, at)[0]
        if method == frames.DELIVER:
            self._coming = Arrival(self, *frames.delivery(data, at + 4))
            return True
        if method == frames.CANCEL:
            self._loop.call_soon(self._cancelled)
        return False

    def _cancelled(self) -> None:
        """Give the channel up: the broker has ended a consumer, or its queue."""
        if not self.is_lost:
            self.closed("the broker cancelled the consumer")

    def _header(self, coming: Arrival, data: bytes, at: int) -> None:
        self._missing = frames.body_size(data, at)
        try:
            coming.content = frames.content(data, at)
        except ValueError as error:
            log.warning("transport.unreadable", error=str(error))

    def _complete(self, coming: Arrival) -> None:
        coming.body = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        self._coming, self._parts = None, []
        if not self._batch:
            self._loop.call_soon(self._hand_over)
        self._batch.append(coming)

    def _hand_over(self) -> None:
        batch, self._batch = self._batch, []
        if not self.is_lost:
            self._arrived(batch)

    # What goes

    def ack(self, tag: int) -> None:
        """End a delivery; told to the broker together with the others of this moment."""
        self._acks.end(tag)
        if not self._is_acking:
            self._is_acking = True
            self._loop.call_soon(self._tell)

    def _tell(self) -> None:
        self._is_acking = False
        if not self.is_lost:
            self._session.tap.write(
                b"".join(
                    frames.acknowledgement(self._number, tag, multiple=multiple)
                    for tag, multiple in self._acks.take()
                )
            )

    async def consume(self, queue: str, consumer: str, prefetch: int) -> None:
        """Have a queue delivered; ``prefetch`` 0 sets no bound."""
        await self._session.call(self._channel.basic_qos(prefetch_count=prefetch))
        await self._session.call(
            self._channel.basic_consume(queue, _untaken, consumer_tag=consumer)
        )

    async def cancel(self, consumer: str) -> None:
        """Have no more delivered; all that was delivered has arrived afterwards."""
        await self._session.call(self._channel.basic_cancel(consumer))
        if self._batch:
            self._hand_over()

    # The end

    def closed(self, reason: str) -> None:
        """Hear that the channel is gone, and everything on it."""
        if not self.is_lost:
            self.is_lost = True
            self._lost(reason)

    async def close(self) -> None:
        """Close the channel; what was not acknowledged goes back."""
        self._tell()
        self._session.tap.sinks.pop(self._number, None)
        self.closed("")
        with contextlib.suppress(LostError):
            await self._session.call(self._channel.close())


async def _untaken(message: Any) -> None:
    """Stand where aiormq wants a callback: the tap takes everything before."""
