"""The tap: takes the frames of messages off a connection, and leaves aio-pika the rest.

aiormq, below aio-pika, makes several objects and tasks for every frame. Handshake,
heartbeats, channels and declarations are its work here as well; what comes and goes with
every message is read and written by the channels themselves (see :mod:`.frames`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol, cast

from aiormq.connection import TransportFactory
from yarl import URL

from recado.transport.rabbitmq.frames import (
    BLOCKED,
    CHANNEL_CLOSE,
    CONNECTION_CLOSE,
    END,
    FRAME,
    HEARTBEAT,
    METHOD,
    NUMBER,
    UNBLOCKED,
    close_reason,
)

_A_HEARTBEAT: Final = FRAME.pack(HEARTBEAT, 0, 0) + END
_LIFE_S: Final = 1.0
"""How often aiormq is told that the broker lives, if all that came was taken."""


class Sink(Protocol):
    """A channel, as the tap knows it."""

    def frame(self, kind: int, data: bytes, at: int, end: int) -> bool:
        """Take a frame's content, ``data[at:end]``; false leaves it to aiormq."""
        ...

    def closed(self, reason: str) -> None:
        """Hear that the channel is closed: nothing may be written to it any more.

        ``reason`` is what the broker says if it closed this channel alone; else empty.
        """
        ...


class Tap(asyncio.StreamReaderProtocol):
    """The end of a connection: what arrives is given to the channels, or to aiormq."""

    def __init__(
        self, reader: asyncio.StreamReader, on_lost: Callable[[], None]
    ) -> None:
        super().__init__(reader)
        self.sinks: dict[int, Sink] = {}
        self.refusal = ""
        """What the broker said when it closed the connection."""
        self.is_blocked = False
        self.blocked_changed: Callable[[], None] = lambda: None
        self.heard_at = asyncio.get_running_loop().time()
        self._on_lost = on_lost
        self._loop_time = asyncio.get_running_loop().time
        self._told_at = 0.0
        self._rest = b""
        self._wire: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._wire = cast("asyncio.Transport", transport)  # uvloop's has no such base
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._lose()

    def write(self, data: bytes) -> None:
        """Send frames; what a lost connection is given is dropped."""
        if self._wire is not None and not self._wire.is_closing():
            self._wire.write(data)

    def abort(self) -> None:
        """Drop the connection at once."""
        wire = self._wire
        self._lose()
        if wire is not None:
            wire.abort()

    def _lose(self) -> None:
        """Tell everybody that the connection is gone, before anything else happens."""
        self._wire = None
        sinks, self.sinks = list(self.sinks.values()), {}
        for sink in sinks:
            sink.closed("")
        self._on_lost()

    def data_received(self, data: bytes) -> None:
        self.heard_at = self._loop_time()
        if self._rest:
            data = self._rest + data
        at, end = 0, len(data)
        left: list[bytes] = []
        if data.startswith(b"AMQP"):  # the broker wants another version
            at, left = end, [data]
        while end - at >= 8:
            kind, channel, size = FRAME.unpack_from(data, at)
            after = at + 8 + size
            if after > end:
                break
            if not self._takes(kind, channel, data, at + 7, after - 1):
                left.append(data[at:after])
            at = after
        self._rest = data[at:]
        self._pass_on(left)

    def _takes(self, kind: int, channel: int, data: bytes, at: int, end: int) -> bool:
        if not channel:
            if kind == METHOD:
                self._heed(NUMBER.unpack_from(data, at)[0], data, at + 4)
            return False
        sink = self.sinks.get(channel)
        if sink is None:
            return False
        if sink.frame(kind, data, at, end):
            return True
        if kind == METHOD and NUMBER.unpack_from(data, at)[0] == CHANNEL_CLOSE:
            del self.sinks[channel]
            sink.closed(close_reason(data, at + 4))
        return False

    def _heed(self, method: int, data: bytes, at: int) -> None:
        if method == CONNECTION_CLOSE:
            self.refusal = close_reason(data, at)
        if method in {BLOCKED, UNBLOCKED}:
            self.is_blocked = method == BLOCKED
            self.blocked_changed()

    def _pass_on(self, left: list[bytes]) -> None:
        if not left and self.heard_at - self._told_at > _LIFE_S:
            left = [_A_HEARTBEAT]
        if left:
            self._told_at = self.heard_at
            super().data_received(b"".join(left))


class Tapping(TransportFactory):
    """Makes aiormq's connections, with a tap in each."""

    def __init__(self, on_lost: Callable[[], None]) -> None:
        self.tap: Tap | None = None
        self._on_lost = on_lost

    async def create(
        self, url: URL, **options: Any
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Return a connection's two ends."""
        loop = asyncio.get_running_loop()
        assert url.host is not None
        assert url.port is not None
        provider = options.pop("ssl_context_provider")
        reader = asyncio.StreamReader()
        self.tap = tap = Tap(reader, self._on_lost)
        transport, _ = await loop.create_connection(
            lambda: tap,
            url.host,
            url.port,
            ssl=await provider.get_context() if url.scheme == "amqps" else None,
        )
        return reader, asyncio.StreamWriter(transport, tap, reader, loop)
