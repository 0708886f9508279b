"""A wire to a server that a test can cut: for the server, the client was killed."""

from __future__ import annotations

import asyncio
import fcntl
import struct
import termios
from collections.abc import Callable
from typing import Final, cast

_FAREWELL_S: Final = 5.0


class Wire:
    """Carries bytes between clients and a server; cut, it stays cut."""

    host: Final = "127.0.0.1"

    def __init__(self, host: str, port: int) -> None:
        self._target = host, port
        self._near: set[_End] = set()
        self._laying: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def port(self) -> int:
        """Where clients connect to."""
        assert self._server is not None
        return int(self._server.sockets[0].getsockname()[1])

    async def open(self) -> None:
        """Take connections from now on."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _End(self._arrived), self.host, 0
        )

    async def cut(self) -> None:
        """End every connection, and take no more.

        What a client has handed to its system still arrives, as when it is killed.
        """
        assert self._server is not None
        self._server.close()
        await asyncio.gather(*self._laying)
        for near in set(self._near):
            await near.kill()

    def _arrived(self, near: _End) -> None:
        task = asyncio.create_task(self._lay(near))
        self._laying.add(task)
        task.add_done_callback(self._laying.discard)

    async def _lay(self, near: _End) -> None:
        # Not as the connection is made: uvloop begins to read after that.
        near.transport.pause_reading()
        loop = asyncio.get_running_loop()
        try:
            _, far = await loop.create_connection(_End, *self._target)
        except OSError:
            near.transport.abort()
            return
        near.other, far.other = far, near
        self._near.add(near)
        near.lost.add_done_callback(lambda _: self._near.discard(near))
        near.transport.resume_reading()


class _End(asyncio.Protocol):
    """One end of a connection; whatever comes in goes out at the other end."""

    def __init__(self, made: Callable[[_End], None] = lambda _: None) -> None:
        self.transport: asyncio.Transport
        self.other: _End
        self.lost = asyncio.get_running_loop().create_future()
        self._made = made
        self._is_killed = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport = cast("asyncio.Transport", transport)  # uvloop's has no such base
        self.transport = transport
        self._made(self)

    def data_received(self, data: bytes) -> None:
        if not self.other.transport.is_closing():
            self.other.transport.write(data)

    def pause_writing(self) -> None:
        self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        self.other.transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self.lost.set_result(None)
        if hasattr(self, "other") and not self._is_killed:
            self.other.transport.close()

    async def kill(self) -> None:
        """Carry what the client has sent, and end the connection at both ends."""
        # The loop reads what there is; nobody tells when there is no more.
        while not self.transport.is_closing() and self._has_more():  # noqa: ASYNC110
            await asyncio.sleep(0)
        # Its end comes after its data, and what the server says is taken, and dropped:
        # with bytes unread, the system would have the server drop what it has not read.
        far = self.other
        self._is_killed = True
        self.transport.abort()
        if not far.transport.is_closing():
            far.transport.resume_reading()
            far.transport.write_eof()
        await asyncio.wait([far.lost], timeout=_FAREWELL_S)
        far.transport.abort()

    def _has_more(self) -> bool:
        handle = self.transport.get_extra_info("socket").fileno()
        waiting = fcntl.ioctl(handle, termios.FIONREAD, struct.pack("i", 0))
        return waiting != struct.pack("i", 0)
