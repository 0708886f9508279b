"""The settler: ends deliveries in batches, each batch and its report in one act.

One batch is on its way at a time, so that what ends meanwhile goes together in the next;
only if that takes long, a second one sets out beside it. Nothing is given up: while the
broker is away, or its disk is full, a batch is kept and tried again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from recado.clock import Clock, Timer
from recado.errors import (
    DisconnectedError,
    SettledError,
    TransportError,
    UnroutableError,
)
from recado.runtime import report
from recado.runtime.ending import Ending
from recado.transport.base import Transport, UnsettledError

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

ENOUGH: Final = 200
"""So many waiting endings set out at once, though another batch is on its way."""
LINGER_S: Final = 0.02
"""So long an ending waits for a batch that is on its way, at most."""
FIRST_WAIT_S: Final = 1.0
LONGEST_WAIT_S: Final = 15.0
PATIENCE: Final = 5
"""Waits until what is refused, though the broker is there, is held to be at fault."""
_AT_ONCE: Final = 2


class Settler:
    """Ends the deliveries of one process."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        log: FilteringBoundLogger,
        settled: Callable[[Ending], None],
        rested: Callable[[], None],
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._log = log
        self._settled = settled
        self._rested = rested
        self._waiting: list[Ending] = []
        self._flights: dict[asyncio.Task[None], list[Ending]] = {}
        self._count = 0
        self._scheduled = False
        self._linger: Timer | None = None
        self._pauses: set[asyncio.Event] = set()
        self._idle = asyncio.Event()
        self._idle.set()
        self._at_rest = asyncio.Event()

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is on its way."""
        return self._idle.is_set()

    @property
    def is_paused(self) -> bool:
        """Whether everything on its way waits for a time to pass."""
        paused = sum(not over.is_set() for over in self._pauses)
        return 0 < paused == len(self._flights)

    @property
    def unsettled(self) -> int:
        """How many endings wait or are on their way."""
        return len(self._waiting) + sum(map(len, self._flights.values()))

    async def idle(self) -> None:
        """Wait until everything given so far is settled."""
        await self._idle.wait()

    async def at_rest(self) -> None:
        """Wait until nothing can be settled now: it is done, or waits for its time."""
        while not (self.is_idle or self.is_paused):
            self._at_rest.clear()
            await self._at_rest.wait()

    def add(self, endings: Iterable[Ending]) -> None:
        """Take endings to be settled soon; returns at once."""
        self._waiting += endings
        if not self._waiting:
            return
        self._idle.clear()
        if not self._flights:
            self._schedule()
        elif len(self._flights) < _AT_ONCE:
            if len(self._waiting) >= ENOUGH:
                self._schedule()
            elif self._linger is None:
                self._linger = self._clock.call_later(LINGER_S, self._schedule)

    def abandon(self) -> int:
        """Give up waiting for the broker; return how many endings are not settled.

        Their messages go back when the transport is closed.
        """
        left = self.unsettled
        for flight in self._flights:
            flight.cancel()
        self._waiting.clear()
        return left

    def _schedule(self) -> None:
        # At the loop's next turn, so that what ends in this one goes along.
        if not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._depart)

    def _depart(self) -> None:
        self._scheduled = False
        if self._linger is not None:
            self._linger.cancel()
            self._linger = None
        if not self._waiting or len(self._flights) >= _AT_ONCE:
            return
        batch, self._waiting = self._waiting, []
        flight = asyncio.create_task(self._settle(batch), name="settle")
        self._flights[flight] = batch
        flight.add_done_callback(self._landed)

    def _landed(self, flight: asyncio.Task[None]) -> None:
        del self._flights[flight]
        if self._waiting:
            self._schedule()
        elif not self._flights:
            self._idle.set()
        self._note_rest()

    def _note_rest(self) -> None:
        if self.is_idle or self.is_paused:
            self._at_rest.set()
            self._rested()

    async def _pause(self, seconds: float) -> None:
        over = asyncio.Event()
        timer = self._clock.call_later(seconds, over.set)
        self._pauses.add(over)
        self._note_rest()
        try:
            await over.wait()
        finally:
            timer.cancel()
            self._pauses.discard(over)

    async def _settle(self, batch: list[Ending]) -> None:
        before = self._count
        for number, wait_s in enumerate(_waits()):
            error = await self._attempt(batch)
            if error is not None and not isinstance(
                error, DisconnectedError | UnroutableError
            ):
                await self._apart(batch)
                # If others go through, or time does not help, these are at fault.
                is_their_fault = self._count > before or number >= PATIENCE
                if is_their_fault and _replace(batch, error):
                    error = await self._attempt(batch)
            if error is None or not batch:
                return
            self._log.warning(
                "settle.waiting",
                count=len(batch),
                retry_in_s=wait_s,
                error=f"{type(error).__name__}: {error}",
            )
            await self._pause(wait_s)

    async def _apart(self, batch: list[Ending]) -> None:
        """Settle what can be settled alone; the rest stays in the batch."""
        if len(batch) < 2:
            return
        left: list[Ending] = []
        for group in _groups(batch):
            if await self._attempt(group) is not None:
                left += group
        batch[:] = left

    async def _attempt(self, batch: list[Ending]) -> Exception | None:
        try:
            await self._try(batch)
        except TransportError as error:
            return error
        except Exception as error:
            # A fault, of a transport or in what it was given; its messages stay held.
            self._log.error("settle.failed", exc_info=True)
            return error
        return None

    async def _try(self, batch: list[Ending]) -> None:
        """Settle a batch; what cannot be settled is taken out of it."""
        while batch:
            try:
                await self._transport.settle(batch, report.messages(_events(batch)))
            except UnsettledError as error:
                rest = self._without(batch, error)
                if rest == batch:
                    raise
                batch[:] = rest
            except SettledError:
                rest = [each for each in batch if not each.delivery.settled]
                if rest == batch:
                    raise
                self._log.error("settle.twice", count=len(batch) - len(rest))
                batch[:] = rest
            else:
                self._count += len(batch)
                for ending in batch:
                    self._settled(ending)
                return

    def _without(self, batch: Sequence[Ending], error: UnsettledError) -> list[Ending]:
        stale = {id(delivery) for delivery in error.stale}
        alive = [each for each in batch if id(each.delivery) not in stale]
        undone = {id(batch[index].batch) for index in error.unroutable}
        rest: list[Ending] = []
        for index, ending in enumerate(batch):
            if id(ending.delivery) in stale:
                self._drop(ending, alive)
            elif index in error.unroutable:
                queue = error.unroutable[index]
                refusal = UnroutableError(f"nobody has declared queue {queue!r}")
                rest += ending.instead(refusal) if ending.instead else [ending]
            elif not ending.batch or id(ending.batch) not in undone:
                rest.append(ending)
        return rest

    def _drop(self, ending: Ending, alive: Sequence[Ending]) -> None:
        self._log.warning(
            "delivery.stale",
            message_id=ending.delivery.message.id,
            queue=ending.delivery.queue,
            attempt=ending.delivery.attempt,
        )
        heir = next((e for e in alive if e.batch and e.batch is ending.batch), None)
        if heir is not None and (ending.outgoing or ending.common):
            # What a batch sends is the others' effect as well.
            heir.outgoing, heir.common = ending.outgoing, ending.common
            heir.instead = ending.instead


def _replace(batch: list[Ending], error: Exception) -> bool:
    """Have what cannot be settled end in another way; return whether there is one."""
    replaced = {id(ending.batch) for ending in batch if ending.batch and ending.instead}
    rest: list[Ending] = []
    for ending in batch:
        if ending.instead:
            rest += ending.instead(error)
        elif not ending.batch or id(ending.batch) not in replaced:
            rest.append(ending)
    is_changed = rest != batch
    batch[:] = rest
    return is_changed


def _groups(batch: Sequence[Ending]) -> list[list[Ending]]:
    """Return what has to be settled together, since it sends together."""
    groups: dict[int, list[Ending]] = {}
    for ending in batch:
        groups.setdefault(id(ending.batch) if ending.batch else id(ending), []).append(
            ending
        )
    return list(groups.values())


def _events(batch: Iterable[Ending]) -> list[bytes]:
    return [event for each in batch for event in (*each.common, *each.events)]


def _waits() -> Iterator[float]:
    wait_s = FIRST_WAIT_S
    while True:
        yield wait_s
        wait_s = min(LONGEST_WAIT_S, wait_s * 2)
