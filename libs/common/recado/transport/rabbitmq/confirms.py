"""Confirms: the channel that messages are published on."""

from __future__ import annotations

import asyncio
from typing import Protocol

from aiormq.abc import AbstractChannel

from recado.message import ID
from recado.transport.rabbitmq import frames
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.session import LostError, Session


class Listener(Protocol):
    """Who wants to know what came of what was published."""

    def confirmed(self, tag: int, *, multiple: bool, refused: bool) -> None:
        """Hear from the broker of one message, or of all up to it."""
        ...

    def returned(self, exchange: str, key: str, id_: str) -> None:
        """Hear that a message had no queue to go to; its confirmation follows."""
        ...


class Confirms:
    """A channel on which the broker confirms, refuses or returns what it gets."""

    def __init__(
        self,
        session: Session,
        channel: AbstractChannel,
        listener: Listener,
        lost: asyncio.Future[str],
    ) -> None:
        self._tap = session.tap
        self._limit = session.frame_max
        self._number: int = channel.number
        self._listener = listener
        self._lost = lost
        self._returned: tuple[str, str] | None = None
        self._id = ""
        self._missing = 0

    @classmethod
    async def open(
        cls, session: Session, listener: Listener, lost: asyncio.Future[str]
    ) -> Confirms:
        """Open a channel; ``lost`` gets the reason of its end."""
        channel = await session.channel(confirms=True)
        if session.is_lost:
            raise LostError
        confirms = cls(session, channel, listener, lost)
        session.tap.sinks[confirms._number] = confirms
        return confirms

    @property
    def is_blocked(self) -> bool:
        """Whether the broker takes nothing for now."""
        return self._tap.is_blocked

    def publication(self, parcel: Parcel) -> bytes:
        """Return the frames that publish a message here."""
        return frames.publication(parcel, self._number, self._limit)

    def write(self, data: bytes) -> None:
        """Send frames."""
        self._tap.write(data)

    def frame(self, kind: int, data: bytes, at: int, end: int) -> bool:
        """Take a confirmation, or a frame of a message that came back."""
        if kind == frames.METHOD:
            return self._method(data, at)
        if self._returned is None:
            return False
        if kind == frames.HEADER:
            self._missing = frames.body_size(data, at)
            self._id = frames.content(data, at).headers.get(ID, "")
        else:
            self._missing -= end - at
        if self._missing <= 0:
            (exchange, key), self._returned = self._returned, None
            self._listener.returned(exchange, key, self._id)
        return True

    def _method(self, data: bytes, at: int) -> bool:
        method = frames.NUMBER.unpack_from(data, at)[0]
        if method in {frames.ACK, frames.NACK}:
            tag, bits = frames.CONFIRMATION.unpack_from(data, at + 4)
            self._listener.confirmed(
                tag, multiple=bool(bits & 1), refused=method == frames.NACK
            )
            return True
        if method == frames.RETURN:
            self._returned = frames.returned(data, at + 4)
            return True
        return False

    def closed(self, reason: str) -> None:
        """Hear that the channel is gone, and what was not confirmed is open."""
        if not self._lost.done():
            self._lost.set_result(reason)
