"""Taking: everything that a queue holds goes through somebody's hands, until it is empty.

It goes in rounds. In a round there is a consumer, and what comes is worked on, many at a
time. What has to stay is held until the round ends, and is put back then: put back at
once, it would come again. The round ends when the broker says that nothing is ready, and
if it says otherwise once the consumer is gone, there is another.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeAlias

from recado.errors import TransportError, UnsupportedError
from recado.transport import Delivery, Settlement, Transport, UnsettledError, Verdict
from recado_cli.failing import FailedError

WINDOW: Final = 200
"""Messages in hand at a time, at most."""
MOST_STAYING: Final = 100
"""Messages that are held because they have to stay, at most."""
_COUNTED: Final = 20
"""The same where only some are wanted: what is too many goes back, to the queue's end."""
_BATCH: Final = 100
_FIRST_LOOK_S: Final = 0.05
_LONGEST_LOOK_S: Final = 0.5
_STUCK_S: Final = 4.0
"""How long nothing may come while the broker says that there is something: as long as it
takes to notice that a process died that held messages."""
_END_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, and how fast to go.

    ``idle_s`` is how long to wait for more; for ever if it is 0, and only until the queue
    is empty if it is none.
    """

    most: int | None = None
    pace_s: float = 0.0
    idle_s: float | None = None

    @property
    def window(self) -> int:
        """How many messages to hold at a time: what goes within about two seconds."""
        paced = int(2 / self.pace_s) + 1 if self.pace_s else WINDOW
        counted = min(self.most, _COUNTED) if self.most else WINDOW
        return min(paced, WINDOW, counted)


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of settlements: those carried out, and queues that others would need."""

    done: Sequence[Settlement]
    unroutable: Sequence[tuple[Delivery, str]]


async def settle(transport: Transport, settlements: Sequence[Settlement]) -> Settled:
    """End deliveries as far as that can be done; what is stale comes again by itself.

    Raises:
        TransportError: if the broker is away or refuses; then nothing is settled.
    """
    waiting = list(settlements)
    unroutable: list[tuple[Delivery, str]] = []
    while waiting:
        try:
            await transport.settle(waiting)
            break
        except UnsettledError as error:
            lost = {waiting[n].delivery: queue for n, queue in error.unroutable.items()}
            unroutable += lost.items()
            gone = {*error.stale, *lost}
            waiting = [each for each in waiting if each.delivery not in gone]
    return Settled(waiting, unroutable)


Work: TypeAlias = "Callable[[Taking, Sequence[Delivery]], Awaitable[int]]"
"""Ends deliveries, or has them stay; returns how many have left the queue."""


class Taking:
    """Takes a queue's messages and has them worked on."""

    def __init__(
        self,
        transport: Transport,
        queue: str,
        work: Work,
        limits: Limits | None = None,
        *,
        may_stay: bool = False,
    ) -> None:
        self.count = 0
        """How many messages have left the queue."""
        self.staying: dict[str, str] = {}
        """Why messages stay in the queue, by their ids."""
        self._transport = transport
        self._queue = queue
        self._work = work
        self._limits = limits or Limits()
        self._prefetch = self._limits.window + (MOST_STAYING if may_stay else 0)
        self._came: deque[Delivery] = deque()
        self._held: list[Delivery] = []
        self._in_hand = 0
        self._running: set[asyncio.Task[None]] = set()
        self._stirred = asyncio.Event()

    async def run(self) -> None:
        """Take until a limit is reached, or the queue is empty.

        Raises:
            UnroutableError: if nobody has declared the queue.
            FailedError: if too many messages have to stay.
            TransportError: if the broker is away or refuses; nothing is lost then.
        """
        while await self._round() and await self._is_left():
            pass

    def keep(self, delivery: Delivery, why: str) -> None:
        """Have a message stay in the queue."""
        self._held.append(delivery)
        self.staying[delivery.message.id] = why

    # Rounds

    async def _round(self) -> bool:
        """Take for a while; return whether another round may bring more."""
        before = self.count
        consumer = await self._transport.consume(
            self._queue, self._arrived, prefetch=self._prefetch
        )
        try:
            await self._take()
        finally:
            await self._end_work()
            await consumer.cancel()
            await self._put_back()
        return (
            self.count > before and not self._is_enough and self._limits.idle_s is None
        )

    def _arrived(self, deliveries: Sequence[Delivery]) -> None:
        self._came.extend(deliveries)
        self._stirred.set()

    async def _is_left(self) -> bool:
        try:
            depth = await self._transport.depth(self._queue)
        except UnsupportedError:  # it holds more than can be counted
            return True
        return depth.ready > len(self.staying)

    async def _end_work(self) -> None:
        """Wait for what is being worked on; what is not over then has no effect."""
        if self._running:
            await asyncio.wait(self._running, timeout=_END_S)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    async def _put_back(self) -> None:
        back = [*self._came, *self._held]
        self._came.clear()
        self._held.clear()
        settlements = [Settlement(each, Verdict.RELEASE) for each in back]
        with suppress(TransportError):  # it goes back when the connection ends
            await settle(self._transport, settlements)

    # One round

    @property
    def _is_enough(self) -> bool:
        return self._limits.most is not None and self.count >= self._limits.most

    async def _take(self) -> None:
        while not self._is_enough:
            if not self._room:
                await self._hear()
            elif await self._has_come():
                self._begin([self._came.popleft() for _ in range(self._size)])
                await asyncio.sleep(self._limits.pace_s)
            else:
                return

    @property
    def _room(self) -> int:
        """How many messages may be begun now."""
        most = self._limits.most
        return _BATCH if most is None else most - self.count - self._in_hand

    @property
    def _size(self) -> int:
        most = 1 if self._limits.pace_s else _BATCH
        return min(len(self._came), self._room, most)

    def _begin(self, batch: Sequence[Delivery]) -> None:
        self._in_hand += len(batch)
        task = asyncio.create_task(self._work_on(batch))
        self._running.add(task)

    async def _work_on(self, batch: Sequence[Delivery]) -> None:
        try:
            self.count += await self._work(self, batch)
        finally:
            self._in_hand -= len(batch)
            self._stirred.set()

    async def _hear(self, timeout_s: float | None = None) -> bool:
        """Wait until something comes or ends; return whether anything did.

        Raises:
            FailedError: if too many messages have to stay.
            TransportError: what the work on a batch raised.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._stirred.wait()
        is_stirred = self._stirred.is_set()
        self._stirred.clear()
        for task in [task for task in self._running if task.done()]:
            self._running.discard(task)
            task.result()
        if len(self._held) >= MOST_STAYING:
            raise FailedError(
                f"{len(self._held)} messages have to stay in {self._queue!r}: stopped"
            )
        return is_stirred

    async def _has_come(self) -> bool:
        """Wait for a message; return whether one came before the end."""
        loop = asyncio.get_running_loop()
        since, look_s = loop.time(), _FIRST_LOOK_S
        idle_s = self._limits.idle_s
        await self._hear(0)
        while not self._came:
            if await self._hear(self._patience(look_s, loop.time() - since)):
                since, look_s = loop.time(), _FIRST_LOOK_S
                continue
            quiet_s = loop.time() - since
            look_s = min(2 * look_s, _LONGEST_LOOK_S)
            if self._in_hand:
                since = loop.time()
            elif idle_s is None:
                if quiet_s >= _STUCK_S or not await self._is_ready():
                    return bool(self._came)
            elif idle_s and quiet_s >= idle_s:
                return False
        return True

    def _patience(self, look_s: float, quiet_s: float) -> float | None:
        idle_s = self._limits.idle_s
        if self._in_hand or idle_s == 0:
            return None
        return look_s if idle_s is None else max(idle_s - quiet_s, 0.001)

    async def _is_ready(self) -> bool:
        """Return whether there is anything that may come: others may give it back."""
        try:
            depth = await self._transport.depth(self._queue)
            return depth.ready > 0 or depth.held > len(self._held)
        except UnsupportedError:  # it holds more than can be counted
            return True


async def take_all(takings: Sequence[Taking]) -> None:
    """Take from several queues at once; the first that fails ends the others.

    Raises:
        FailedError, OSError, TransportError: as :meth:`Taking.run`, and what the work raises.
    """
    try:
        async with asyncio.TaskGroup() as group:
            for taking in takings:
                group.create_task(taking.run())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
