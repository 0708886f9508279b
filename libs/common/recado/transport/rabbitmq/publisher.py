"""The publisher: has messages confirmed, many at once, whatever happens meanwhile."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog

from recado.errors import DisconnectedError, RecadoError, RefusedError
from recado.message import ID
from recado.transport.rabbitmq.confirms import Confirms
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.link import Link
from recado.transport.rabbitmq.parcels import place
from recado.transport.rabbitmq.session import LostError, Session, UnansweredError

log = structlog.get_logger()

WINDOW: Final = 4_000
"""Messages that may be unconfirmed before others wait."""
WINDOW_BYTES: Final = 32 * 1024 * 1024
_PAUSE_S: Final = 0.5


class ReturnedError(Exception):
    """Raised for messages that had no queue to go to; the others are there."""

    def __init__(self, queues: Sequence[str]) -> None:
        self.queues = tuple(dict.fromkeys(queues))
        super().__init__(", ".join(self.queues))


class Call:
    """Messages that are published together, and what came of them."""

    __slots__ = ("done", "error", "is_over", "left", "parcels", "returned", "size")

    def __init__(
        self, parcels: Sequence[Parcel], done: Callable[[Exception | None], None]
    ) -> None:
        self.parcels = parcels
        """Those that are not confirmed yet, unless they are under way."""
        self.done = done
        self.left = len(parcels)
        self.size = sum(len(parcel.body) for parcel in parcels)
        self.returned: list[str] = []
        self.error: Exception | None = None
        self.is_over = False

    def end(self, error: Exception | None) -> None:
        """Tell what came of it, once."""
        if not self.is_over:
            self.is_over = True
            self.done(error)


class Publisher:
    """Publishes calls in their order; what a lost connection leaves open is repeated."""

    def __init__(self, link: Link, name: str, refuted: Callable[[], None]) -> None:
        self._link = link
        self._name = name
        self._refuted = refuted
        """Told when the broker closes the channel: what is declared may have changed."""
        self._confirms: Confirms | None = None
        self._waiting: deque[Call] = deque()
        self._open: OrderedDict[int, tuple[Call, Parcel]] = OrderedDict()
        self._size = 0
        self._last = 0
        self._is_careful = False
        self._was_blocked = False
        self._written: list[bytes] = []
        self._loop = asyncio.get_running_loop()
        self._keeper = asyncio.create_task(self._keep())
        self._started = asyncio.Event()
        self._is_closed = False

    async def started(self) -> None:
        """Return when there is a channel to publish on for the first time."""
        await self._started.wait()

    @property
    def is_ready(self) -> bool:
        """Whether there is a channel to publish on."""
        return self._confirms is not None

    @property
    def is_blocked(self) -> bool:
        """Whether the broker takes nothing for now: its memory or disk is short."""
        return self._confirms is not None and self._confirms.is_blocked

    def submit(
        self, parcels: Sequence[Parcel], done: Callable[[Exception | None], None]
    ) -> Call:
        """Publish; ``done`` hears when everything is confirmed, or what went wrong.

        Raises:
            RefusedError: if one of them can never be sent; then none is.
            DisconnectedError: if the publisher is closed.
        """
        if self._is_closed:
            raise DisconnectedError(f"the connection to {self._name} is closed")
        call = Call(parcels, done)
        if self._waiting or not self._has_room(call):
            self._waiting.append(call)
        else:
            self._send(call)
        return call

    async def publish(self, parcels: Sequence[Parcel]) -> None:
        """Return when everything is confirmed; raises what :meth:`submit` tells."""
        future: asyncio.Future[None] = self._loop.create_future()

        def done(error: Exception | None) -> None:
            if future.done():
                return
            if error is None:
                future.set_result(None)
            else:
                future.set_exception(error)

        call = self.submit(parcels, done)
        try:
            await future
        except asyncio.CancelledError:
            call.is_over = True  # if it has not been sent, it will not be
            raise

    async def close(self) -> None:
        """Publish no more; who still waits is told."""
        self._is_closed = True
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)
        calls = [*(call for call, _ in self._open.values()), *self._waiting]
        self._open.clear()
        self._waiting.clear()
        self._confirms = None
        for call in calls:
            call.end(DisconnectedError(f"the connection to {self._name} was closed"))

    # The channel

    async def _keep(self) -> None:
        while True:
            session = await self._link.up()
            try:
                await self._publish_on(session)
            except LostError as error:
                if isinstance(error, UnansweredError):
                    log.warning(
                        "transport.unanswered", name=self._name, error=str(error)
                    )
                if not session.is_lost:
                    await asyncio.sleep(_PAUSE_S)

    async def _publish_on(self, session: Session) -> None:
        lost: asyncio.Future[str] = self._loop.create_future()
        self._confirms = await Confirms.open(session, self, lost)
        self._last = 0
        session.tap.blocked_changed = self._blocked_changed
        self._started.set()
        try:
            self._drain()
            reason = await lost
        finally:
            self._confirms = None
            self._written.clear()
        self._repeat(reason)

    def _repeat(self, reason: str) -> None:
        """Have everything unconfirmed sent again, under the same ids.

        If the broker closed the channel, something that was under way is not to its
        liking. From then on one call at a time is, so that it is known which.
        """
        calls: dict[Call, list[Parcel]] = {}
        for call, parcel in self._open.values():
            calls.setdefault(call, []).append(parcel)
        self._open.clear()
        self._size = 0
        if reason:
            log.warning("transport.channel_closed", reason=reason, calls=len(calls))
            self._refuted()
            if len(calls) == 1:
                (guilty,) = calls
                calls.clear()
                guilty.end(RefusedError(f"{self._name}: {reason}"))
            self._is_careful = True
        for call, parcels in calls.items():
            call.parcels = parcels
        self._waiting.extendleft(reversed(calls))

    def _blocked_changed(self) -> None:
        if self.is_blocked and not self._was_blocked:
            log.warning("transport.blocked", broker=self._name)
        elif self._was_blocked:
            log.info("transport.unblocked", broker=self._name)
        self._was_blocked = self.is_blocked
        self._drain()

    # Sending

    def _has_room(self, call: Call) -> bool:
        if self._confirms is None or self._confirms.is_blocked:
            return False
        if not self._open:
            return True
        return (
            not self._is_careful
            and len(self._open) + len(call.parcels) <= WINDOW
            and self._size + call.size <= WINDOW_BYTES
        )

    def _drain(self) -> None:
        waiting = self._waiting
        while waiting and self._has_room(waiting[0]):
            call = waiting.popleft()
            if call.is_over:
                continue
            try:
                self._send(call)
            except RecadoError as error:
                call.end(error)
        self._is_careful = self._is_careful and bool(waiting or self._open)

    def _send(self, call: Call) -> None:
        confirms = self._confirms
        assert confirms is not None
        written = [confirms.publication(parcel) for parcel in call.parcels]
        for parcel in call.parcels:
            self._last += 1
            self._open[self._last] = call, parcel
        self._size += sum(len(parcel.body) for parcel in call.parcels)
        if not call.parcels:
            call.end(None)
        if not self._written:
            self._loop.call_soon(self._write)
        self._written += written

    def _write(self) -> None:
        if self._confirms is not None and self._written:
            self._confirms.write(b"".join(self._written))
        self._written.clear()

    # What comes of it

    def confirmed(self, tag: int, *, multiple: bool, refused: bool) -> None:
        """Hear from the broker of one message, or of all up to it."""
        if not multiple:
            self._settle(tag, refused=refused)
        else:
            while self._open and (first := next(iter(self._open))) <= tag:
                self._settle(first, refused=refused)
        if self._waiting or self._is_careful:
            self._drain()

    def _settle(self, tag: int, *, refused: bool) -> None:
        entry = self._open.pop(tag, None)
        if entry is None:
            return
        call, parcel = entry
        if refused:
            call.error = RefusedError(
                f"{self._name} refuses a message to {parcel.key or parcel.exchange!r}:"
                " the queue is full, or cannot be reached"
            )
        call.left -= 1
        self._size -= len(parcel.body)
        if call.left == 0:
            call.end(ReturnedError(call.returned) if call.returned else call.error)

    def returned(self, exchange: str, key: str, id_: str) -> None:
        """Hear that a message had no queue to go to; its confirmation follows."""
        for call, parcel in self._open.values():
            if (
                parcel.is_mandatory
                and (parcel.exchange, parcel.key) == (exchange, key)
                and parcel.headers.get(ID, "") == id_
            ):
                parcel.is_mandatory = False  # it is not looked for again
                call.returned.append(place(key, exchange))
                return
