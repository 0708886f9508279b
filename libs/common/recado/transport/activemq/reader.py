"""A connection to the broker: aiostomp's, made to confirm, to notice and to hold back.

aiostomp is built upon by its private names, so its version is pinned, and a test fails if
they move. What it lacks is in ``docs/explanation/activemq.md``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol, cast

# It has no types: what is used of it is typed by what overrides it here.
from aiostomp.aiostomp import (  # type: ignore[import-untyped]
    StompReader,  # pyright: ignore[reportMissingTypeStubs]
)

from recado.errors import ConfigError, DisconnectedError, RefusedError
from recado.transport.activemq.frames import (
    BrokenStreamError,
    Frame,
    FrameParser,
    frame,
)

_SILENT: Final = 2.5
"""Heart-beats that may be missing before the broker is held to be gone."""
_HIGH_WATER: Final = 4 * 1024 * 1024
_LOGIN: Final = ("password", "authentication", "not authorized", "security")


class Owner(Protocol):
    """Who hears of a connection; what aiostomp calls the frame handler."""

    def received(self, reader: Reader, messages: Sequence[Frame]) -> None:
        """Take messages that came together."""
        ...

    def lost(self, reader: Reader, error: Exception | None) -> None:
        """Hear that the connection is gone; once, and also if it was never whole."""
        ...

    def faulted(self, reader: Reader, text: str) -> bool:
        """Hear of an error that names no receipt; return whether to go on."""
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """What a connection says of itself when it begins."""

    host: str
    client: str
    user: str
    password: str
    heartbeat_s: float


class Reader(StompReader):  # type: ignore[misc] # it has no types
    """One connection, from its beginning to its end; never used for a second one."""

    def __init__(self, owner: Owner, login: Login) -> None:
        loop = asyncio.get_running_loop()
        beat_ms = round(login.heartbeat_s * 1000)
        super().__init__(
            owner,  # pyright: ignore[reportArgumentType] # only used by what is replaced
            loop,
            heartbeat={"enabled": True, "cx": beat_ms, "cy": beat_ms},
        )
        self._protocol = Codec()
        self._connect_headers["host"] = login.host
        self._connect_headers["client-id"] = login.client
        if login.user:
            self._connect_headers["login"] = login.user
            self._connect_headers["passcode"] = login.password
        self.is_open = False
        self.heard = loop.time()
        self.ready: asyncio.Future[None] = loop.create_future()
        self._owner = owner
        self._beat_s = login.heartbeat_s
        self._receipts: dict[str, asyncio.Future[None]] = {}
        self._number = 0
        self._is_paused = False
        self._unpaused: deque[Callable[[], None]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._ticked = self.heard
        self._is_over = False

    # What the event loop calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin with CONNECT."""
        transport = cast("asyncio.Transport", transport)  # uvloop's has no such base
        transport.set_write_buffer_limits(high=_HIGH_WATER)
        super().connection_made(transport)
        self._tick()

    def data_received(self, data: bytes | None) -> None:
        """Take frames; all messages among them are handed over together."""
        if not data:
            return
        self.heard = self._loop.time()
        try:
            self._protocol.feed_data(data)
        except BrokenStreamError as error:
            self.fail(DisconnectedError(f"the broker sends what is no STOMP: {error}"))
            return
        messages: list[Frame] = []
        for each in self._protocol.pop_frames():
            if each.command == "MESSAGE":
                messages.append(each)
            else:
                self._answered(each)
        if messages and not self._is_over:
            self._owner.received(self, messages)

    def eof_received(self) -> None:
        """Have the event loop close the connection, and tell it once."""

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell everybody who waits."""
        self._transport = None
        self._end(DisconnectedError(f"the connection broke: {exc or 'closed by it'}"))

    def pause_writing(self) -> None:
        """Note that the broker takes less than it is sent."""
        self._is_paused = True

    def resume_writing(self) -> None:
        """Have those go on who wait to send."""
        self._is_paused = False
        while self._unpaused and not self._is_paused:
            self._unpaused.popleft()()

    # What the transport calls

    @property
    def is_paused(self) -> bool:
        """Whether what is sent now would only be kept in memory."""
        return self._is_paused

    def when_resumed(self, call: Callable[[], None]) -> None:
        """Have something called when the broker takes what it is sent again."""
        self._unpaused.append(call)

    def write(self, data: bytes) -> None:
        """Send frames; nothing, if the connection is gone."""
        if self._transport is not None:
            self._transport.write(data)

    def receipt(self) -> tuple[str, asyncio.Future[None]]:
        """Return the id of a receipt to ask for, and what tells that it came.

        It raises RefusedError if the broker answers with an error, DisconnectedError if
        the connection ends first.
        """
        self._number += 1
        name = str(self._number)
        future: asyncio.Future[None] = self._loop.create_future()
        future.add_done_callback(_look)
        if self._is_over:
            future.set_exception(DisconnectedError("the connection is gone"))
        else:
            self._receipts[name] = future
        return name, future

    def request(
        self, command: str, headers: dict[str, str], body: bytes = b""
    ) -> asyncio.Future[None]:
        """Send one frame; the result tells when the broker has carried it out."""
        name, future = self.receipt()
        self.write(frame(command, {**headers, "receipt": name}, body))
        return future

    def fail(self, error: DisconnectedError) -> None:
        """End the connection at once: it is of no use any more."""
        transport = self._transport
        if transport is not None:
            transport.abort()
        self._end(error)

    # Inside

    def _answered(self, answer: Frame) -> None:
        match answer.command:
            case "RECEIPT":
                future = self._receipts.pop(answer.headers.get("receipt-id", ""), None)
                if future is not None and not future.done():
                    future.set_result(None)
            case "CONNECTED":
                self._connected(answer)
            case "ERROR":
                self._refused(answer)
            case _:
                self.fail(
                    DisconnectedError(f"the broker sends {answer.command[:40]!r}")
                )

    def _connected(self, answer: Frame) -> None:
        if answer.headers.get("version") != "1.1":
            version = answer.headers.get("version", "1.0")
            self.fail(
                DisconnectedError(f"the broker speaks STOMP {version}, 1.1 is wanted")
            )
            return
        self.is_open = True
        if not self.ready.done():
            self.ready.set_result(None)

    def _refused(self, answer: Frame) -> None:
        lines = answer.body.decode(errors="replace").strip("\0\n ").splitlines()
        text = answer.headers.get("message") or (lines or ["an error"])[0]
        if not self.is_open:
            wrong = any(word in text.lower() for word in _LOGIN)
            error = ConfigError if wrong else DisconnectedError
            self._end(error(f"the broker does not let us in: {text}"))
            self.close()
            return
        future = self._receipts.pop(answer.headers.get("receipt-id", ""), None)
        if future is not None:
            if not future.done():
                future.set_exception(RefusedError(f"the broker refuses: {text}"))
        elif not self._owner.faulted(self, text):
            self.fail(DisconnectedError(f"the broker reports: {text}"))

    def _tick(self) -> None:
        """Send a heart-beat, twice as often as promised, and notice silence."""
        now = self._loop.time()
        # Bytes may be waiting to be read if the event loop itself stood still.
        was_blocked = now - self._ticked > self._beat_s
        self._ticked = now
        if not was_blocked and now - self.heard > self._beat_s * _SILENT:
            silent = now - self.heard
            self.fail(DisconnectedError(f"the broker is silent for {silent:.1f} s"))
            return
        if self.is_open and self._transport is not None and not self._is_paused:
            self._transport.write(b"\n")
        self._timer = self._loop.call_later(self._beat_s / 2, self._tick)

    def _end(self, error: Exception) -> None:
        if self._is_over:
            return
        self._is_over = True
        self.is_open = False
        if self._timer is not None:
            self._timer.cancel()
        if not self.ready.done():
            self.ready.set_exception(error)
            _look(self.ready)
        receipts, self._receipts = self._receipts, {}
        for future in receipts.values():
            if not future.done():
                future.set_exception(error)
        self._unpaused.clear()
        self._owner.lost(self, error)


class Codec(FrameParser):
    """Stands where a connection of aiostomp has its parser, which reads byte by byte."""

    def build_frame(
        self, command: str, headers: dict[str, Any] | None = None, body: bytes = b""
    ) -> bytes:
        """Return a frame; CONNECT is the one that aiostomp sends by itself.

        Its headers are not escaped, by the standard.
        """
        if command != "CONNECT":
            return frame(command, headers or {}, body)
        lines = [f"{name}:{value}\n" for name, value in (headers or {}).items()]
        return f"CONNECT\n{''.join(lines)}\n\0".encode()


def _look(future: asyncio.Future[None]) -> None:
    """Have looked at a failure, even if nobody waits for it any more."""
    if not future.cancelled():
        future.exception()
