"""The lane: all that changes something at the broker goes through here, in groups.

One connection is served by the broker one frame after another, and each confirmation
costs it a sync of its disk. So what arrives while the groups before are under way makes
one transaction together, with one receipt for its COMMIT. A call is carried out as a whole
or not at all, with one exception: ActiveMQ schedules a delayed message only after the
commit, and would lose it if it died in between. So delayed messages are confirmed first,
by themselves, as on a broker without transactions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from recado.errors import DisconnectedError, RefusedError, TransportError
from recado.transport.activemq.frames import frame
from recado.transport.activemq.reader import Reader
from recado.transport.activemq.sending import Sending
from recado.transport.activemq.tag import Tag

log = structlog.get_logger()

UNDER_WAY: Final = 2
"""Groups that are sent and not confirmed: the next is there when the broker is free."""
BLOCKED_S: Final = 10.0
"""How long the broker may take to confirm before that is worth a line in the log."""
_MOST_CALLS: Final = 256
_MOST_BYTES: Final = 1024 * 1024
MOST_FAULTS: Final = 3
"""How often a call, alone, may have cost the connection before it is refused."""
FORGET_AFTER: Final = 200
"""Acknowledgements after which the broker is made to forget them."""


class InterruptedCallError(TransportError):
    """Raised when the connection broke before the end of a call with deliveries."""


@dataclass(slots=True, eq=False)
class Call:
    """What is carried out as a whole: everything is sent, then the inputs are gone.

    ``closing`` makes frames that stand before the COMMIT, such as those that end a
    subscription, when the call is sent; it is given the
    transaction and the time.
    """

    sends: Sequence[Sending]
    acks: Sequence[Tag] = ()
    closing: Callable[[str, float], Sequence[bytes]] | None = None
    future: asyncio.Future[None] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    is_alone: bool = False
    delays: list[Sending] = field(default_factory=list[Sending])
    """Those of ``sends`` that are delayed and not confirmed yet."""
    size: int = 0
    faults: int = 0

    def __post_init__(self) -> None:
        self.size = sum(len(each.rest) for each in self.sends)
        self.delays = [each for each in self.sends if each.due is not None]
        self.future.add_done_callback(_look)

    @property
    def is_bound(self) -> bool:
        """Whether it belongs to the connection that its deliveries came over."""
        return self.closing is not None or any(not tag.fleeting for tag in self.acks)

    def finish(self, error: Exception | None = None) -> None:
        """Tell what came of it."""
        if self.future.done():
            return
        if error is None:
            self.future.set_result(None)
        else:
            self.future.set_exception(error)


@dataclass(slots=True, eq=False)
class _Group:
    calls: list[Call]
    is_delays: bool
    sent_at: float
    receipts: list[asyncio.Future[None]] = field(
        default_factory=list[asyncio.Future[None]]
    )
    fault: Exception | None = None

    @property
    def is_answered(self) -> bool:
        """Whether the broker has answered, in whatever way."""
        return all(receipt.done() for receipt in self.receipts)

    @property
    def error(self) -> Exception | None:
        """What went wrong, if it is answered."""
        errors = (each.exception() for each in self.receipts if not each.cancelled())
        found = next((each for each in errors if each is not None), None)
        return self.fault or (found if isinstance(found, Exception) else None)


class Lane:
    """Groups calls, sends them, and repeats what got no answer on the next connection."""

    def __init__(self, clock: Callable[[], float], name: str) -> None:
        self._clock = clock
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._reader: Reader | None = None
        self._waiting: deque[Call] = deque()
        self._groups: deque[_Group] = deque()
        self._number = 0
        self._acked = 0
        self._is_set_to_flush = False
        self._is_closed = False
        self._connected = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_blocked(self) -> bool:
        """Whether the broker keeps us waiting, as it does when its disk is full."""
        return self._waited_s() > BLOCKED_S / 2

    def submit(self, call: Call) -> None:
        """Have a call carried out; its future tells the end.

        Raises:
            DisconnectedError: if the transport is closed.
        """
        if self._is_closed:
            raise DisconnectedError(f"the connection to {self._name} is closed")
        self._waiting.append(call)
        self._flush_soon()

    async def do(self, call: Call) -> None:
        """Have a call carried out, and wait for it; it goes on if the caller does not."""
        self.submit(call)
        await asyncio.shield(call.future)

    async def connected(self) -> None:
        """Wait until there is a connection.

        Raises:
            DisconnectedError: if the transport is closed first.
        """
        await self._connected.wait()
        if self._is_closed:
            raise DisconnectedError(f"the connection to {self._name} is closed")

    def begin(self, reader: Reader) -> None:
        """Go on, on a new connection."""
        self._reader = reader
        self._connected.set()
        self._flush_soon()

    def interrupt(self) -> None:
        """Note that the connection is lost, and keep what is to be sent on the next one."""
        self._reader = None
        self._connected.clear()
        self._acked = 0
        groups, self._groups = self._groups, deque()
        waiting, self._waiting = self._waiting, deque()
        done = [group for group in groups if group.is_answered and not group.error]
        for group in done:
            self._succeeded(group)
        for group in groups:
            if isinstance(group.fault, RefusedError):
                _blame(group.calls, group.fault)
        unclear = [call for g in groups if g not in done for call in g.calls]
        self._repeat([*unclear, *waiting], DisconnectedError("the connection was lost"))

    def fault(self, text: str) -> bool:
        """Hear of an error without a receipt: it is about what was sent first."""
        for group in self._groups:
            if not group.is_answered:
                group.fault = RefusedError(f"the broker refuses: {text}")
                return True
        return False

    def close(self, error: Exception) -> None:
        """Take nothing more; tell those who wait."""
        self._is_closed = True
        self._connected.set()
        if self._timer is not None:
            self._timer.cancel()
        waiting, self._waiting = self._waiting, deque()
        groups, self._groups = self._groups, deque()
        for call in [*waiting, *(each for group in groups for each in group.calls)]:
            call.finish(InterruptedCallError(str(error)) if call.is_bound else error)

    # Sending

    def _flush_soon(self) -> None:
        if not self._is_set_to_flush:
            self._is_set_to_flush = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._is_set_to_flush = False
        while self._waiting and len(self._groups) < UNDER_WAY:
            reader = self._reader
            if reader is None:
                return
            if reader.is_paused:
                reader.when_resumed(self._flush_soon)
                return
            self._send(reader, self._next_group())

    def _next_group(self) -> _Group:
        calls: list[Call] = []
        size = 0
        is_delays = bool(self._waiting[0].delays)
        while self._waiting and len(calls) < _MOST_CALLS:
            call = self._waiting[0]
            fits = not calls or (
                bool(call.delays) is is_delays
                and not call.is_alone
                and not _is_parked(call)
                and size + call.size <= _MOST_BYTES
            )
            if not fits:
                break
            calls.append(self._waiting.popleft())
            size += call.size
            if call.is_alone or _is_parked(call):
                break
        return _Group(calls, is_delays, self._loop.time())

    def _send(self, reader: Reader, group: _Group) -> None:
        make = self._delays if group.is_delays else self._transaction
        data, group.receipts = make(reader, group.calls)
        self._groups.append(group)
        for receipt in group.receipts:
            receipt.add_done_callback(lambda _: self._answered(reader, group))
        reader.write(data)
        if self._timer is None:
            self._timer = self._loop.call_later(BLOCKED_S, self._look_at_the_time)

    def _look_at_the_time(self) -> None:
        """Say so if the broker keeps us waiting."""
        self._timer = None
        if not self._groups:
            return
        if self.is_blocked:
            log.warning(
                "transport.blocked",
                broker=self._name,
                waited_s=round(self._waited_s(), 1),
            )
        self._timer = self._loop.call_later(BLOCKED_S, self._look_at_the_time)

    def _waited_s(self) -> float:
        """Return how long the broker has not answered what was sent first."""
        return self._loop.time() - self._groups[0].sent_at if self._groups else 0.0

    def _delays(
        self, reader: Reader, calls: Sequence[Call]
    ) -> tuple[bytes, list[asyncio.Future[None]]]:
        """Return the delayed messages of calls: outside of any transaction."""
        now = self._clock()
        sends = [each for call in calls for each in call.delays]
        name, receipt = reader.receipt()
        parts = [each.frame(None, None, now) for each in sends[:-1]]
        parts.append(sends[-1].frame(None, name, now))
        return b"".join(parts), [receipt]

    def _transaction(
        self, reader: Reader, calls: Sequence[Call]
    ) -> tuple[bytes, list[asyncio.Future[None]]]:
        now = self._clock()
        sends = [s for call in calls for s in call.sends if s.due is None]
        tags = [tag for call in calls for tag in call.acks]
        parked = [tag.parked for tag in tags if tag.parked is not None]
        closing = [call.closing for call in calls if call.closing is not None]
        if len(sends) == 1 and not tags and not closing:
            name, receipt = reader.receipt()
            return sends[0].frame(None, name, now), [receipt]
        transaction = parked[0] if parked else self.new_transaction()
        parts = [] if parked else [frame("BEGIN", {"transaction": transaction})]
        parts += [each.frame(transaction, None, now) for each in sends]
        for tag in tags:
            tag.consumer.let_go(tag)
            if tag.parked is None and not tag.is_gone and tag.reader is reader:
                parts.append(tag.ack(transaction))
        for close in closing:
            parts += close(transaction, now)
        receipts: list[asyncio.Future[None]] = []
        for each in parked or [transaction]:
            name, receipt = reader.receipt()
            parts.append(frame("COMMIT", {"transaction": each, "receipt": name}))
            receipts.append(receipt)
        parts += self._forgotten(len(tags))
        return b"".join(parts), receipts

    def new_transaction(self) -> str:
        """Return a name that no transaction of this process had."""
        self._number += 1
        return f"t{self._number}"

    def _forgotten(self, acks: int) -> list[bytes]:
        """Return what has the broker forget acknowledgements, every now and then.

        Up to 5.17 at least, a subscription remembers each one that was part of a
        transaction, and looks through all of them at each commit; only a transaction that
        is aborted clears that.
        """
        self._acked += acks
        if self._acked < FORGET_AFTER:
            return []
        self._acked = 0
        empty = {"transaction": self.new_transaction()}
        return [frame("BEGIN", empty), frame("ABORT", empty)]

    # Hearing

    def _answered(self, reader: Reader, group: _Group) -> None:
        if group not in self._groups or not group.is_answered:
            return
        self._groups.remove(group)
        error = group.error
        if error is None:
            self._succeeded(group)
        elif isinstance(error, RefusedError):
            self._refused(reader, group, error)
        else:
            self._repeat(group.calls, error)
        self._flush_soon()

    def _succeeded(self, group: _Group) -> None:
        for call in reversed(group.calls):
            if group.is_delays and _has_more(call):
                call.delays = []
                self._waiting.appendleft(call)
            else:
                call.finish()

    def _refused(self, reader: Reader, group: _Group, error: RefusedError) -> None:
        """Find out whose fault it is: each call is tried alone.

        Acknowledgements cannot be tried again on the same connection.
        """
        if not group.is_delays and any(call.is_bound for call in group.calls):
            reader.fail(DisconnectedError(str(error)))
            self._repeat(group.calls, error)
            return
        if len(group.calls) == 1:
            group.calls[0].finish(error)
            return
        for call in reversed(group.calls):
            call.is_alone = True
            self._waiting.appendleft(call)

    def _repeat(self, calls: Sequence[Call], error: Exception) -> None:
        """Have calls sent again, but for those whose deliveries went with the connection."""
        for call in reversed(calls):
            if call.is_bound:
                call.finish(InterruptedCallError(str(error)))
            elif self._is_closed:
                call.finish(error)
            elif not call.future.done():
                call.delays = [each for each in call.sends if each.due is not None]
                call.is_alone = call.is_alone or isinstance(error, RefusedError)
                self._waiting.appendleft(call)


def _is_parked(call: Call) -> bool:
    return any(tag.parked is not None for tag in call.acks)


def _blame(calls: Sequence[Call], error: RefusedError) -> None:
    """Note what the broker complained of before it broke the connection.

    Each is tried alone from then on, and what does it again is refused: what the broker
    cannot read would cost every connection for ever, and nobody else would be served.
    """
    for call in calls:
        call.faults += call.is_alone
        call.is_alone = True
        if call.faults == MOST_FAULTS:
            call.finish(error)


def _has_more(call: Call) -> bool:
    """Return whether there is something left when its delayed messages are confirmed."""
    return call.is_bound or any(each.due is None for each in call.sends)


def _look(future: asyncio.Future[None]) -> None:
    """Have looked at a failure, even if nobody waits for it any more."""
    if not future.cancelled():
        future.exception()
