"""Taking: everything that a queue holds goes through somebody's hands, until it is empty.

It goes in rounds. In a round there is a consumer, and what comes is worked on, many at a
time. The round ends when the broker says that nothing is ready, and if it says otherwise
once the consumer is gone, there is another.

What has to stay is held until the round ends, and is put back then: put back at once, it
would come again. But a message that may have killed its process is delivered only when
nothing else is held. So what is held is also put back when nothing comes any more, until
it has come again and nothing has left the queue meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, TypeAlias

from recado.errors import UnsupportedError
from recado.transport import Delivery, Depth, Transport
from recado_cli.failing import FailedError
from recado_cli.taking.limits import Limits
from recado_cli.taking.staying import MOST_STAYING, Staying

_BATCH: Final = 100
_FIRST_LOOK_S: Final = 0.05
_LONGEST_LOOK_S: Final = 0.5
_EMPTY_S: Final = 0.25
"""How long an empty queue has to be so: what a consumer sorts is not ready either."""
_STUCK_S: Final = 4.0
"""How long nothing may come while the broker says that there is something: as long as it
takes to notice that a process died that held messages."""
_END_S: Final = 5.0
_MOST_FRUITLESS: Final = 3
"""Rounds in a row that take nothing, although there is something."""

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
        self._transport = transport
        self._queue = queue
        self._work = work
        self._limits = limits or Limits()
        self._prefetch = self._limits.window + (MOST_STAYING if may_stay else 0)
        self._came: deque[Delivery] = deque()
        self._staying = Staying(transport)
        self._in_hand = 0
        self._running: set[asyncio.Task[None]] = set()
        self._stirred = asyncio.Event()

    @property
    def staying(self) -> Mapping[str, str]:
        """Why messages stay in the queue, by their ids."""
        return self._staying.reasons

    async def run(self) -> None:
        """Take until a limit is reached, or the queue is empty.

        Raises:
            UnroutableError: if nobody has declared the queue.
            FailedError: if too many messages have to stay.
            TransportError: if the broker is away or refuses; nothing is lost then.
        """
        fruitless = 0
        while fruitless < _MOST_FRUITLESS:
            before = self.count
            await self._round()
            if self._is_over or not await self._is_left():
                return
            fruitless = fruitless + 1 if self.count == before else 0

    def keep(self, delivery: Delivery, why: str) -> None:
        """Have a message stay in the queue."""
        self._staying.keep(delivery, why)

    # Rounds

    async def _round(self) -> None:
        self._staying.forget()
        consumer = await self._transport.consume(
            self._queue, self._arrived, prefetch=self._prefetch
        )
        try:
            await self._take()
        finally:
            await self._end_work()
            await consumer.cancel()
            await self._staying.put_back(self._came)
            self._came.clear()

    def _arrived(self, deliveries: Sequence[Delivery]) -> None:
        self._came.extend(deliveries)
        self._stirred.set()

    async def _is_left(self) -> bool:
        depth = await self._depth()
        return depth is None or depth.ready > len(self.staying)

    async def _end_work(self) -> None:
        """Wait for what is being worked on; what is not over then has no effect."""
        if self._running:
            await asyncio.wait(self._running, timeout=_END_S)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
        self._running.clear()

    # One round

    @property
    def _is_over(self) -> bool:
        return self._is_enough or self._limits.idle_s is not None

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
            gone = await self._work(self, batch)
            self.count += gone
            if gone:
                self._staying.forget()
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
        if len(self.staying) >= MOST_STAYING:
            raise FailedError(
                f"{len(self.staying)} messages have to stay in {self._queue!r}: stopped"
            )
        return is_stirred

    async def _has_come(self) -> bool:
        """Wait for a message; return whether one came before the end."""
        loop = asyncio.get_running_loop()
        since, look_s = loop.time(), _FIRST_LOOK_S
        await self._hear(0)
        while not self._came:
            if await self._hear(self._patience(look_s, loop.time() - since)):
                since, look_s = loop.time(), _FIRST_LOOK_S
                continue
            look_s = min(2 * look_s, _LONGEST_LOOK_S)
            if await self._is_end(loop.time() - since):
                return False
        return True

    def _patience(self, look_s: float, quiet_s: float) -> float | None:
        """Return how long to wait before something is looked at; for ever if none."""
        idle_s = self._limits.idle_s
        if self._in_hand:
            return None
        if idle_s is None or self._staying:
            return look_s
        return max(idle_s - quiet_s, 0.001) if idle_s else None

    async def _is_end(self, quiet_s: float) -> bool:
        """Return whether nothing more comes, after so long without anything."""
        idle_s = self._limits.idle_s
        if idle_s is not None and not self._staying:
            return quiet_s >= idle_s
        depth = await self._depth()
        if self._came:
            return False
        is_ready = depth is None or depth.ready > 0
        is_blocked = is_ready and bool(self._staying)
        if is_blocked and await self._staying.unblock():
            return False
        if idle_s is not None:
            return 0 < idle_s <= quiet_s
        is_elsewhere = depth is not None and depth.held > len(self._staying)
        may_come = is_ready or is_elsewhere
        return is_blocked or quiet_s >= (_STUCK_S if may_come else _EMPTY_S)

    async def _depth(self) -> Depth | None:
        """Return what the queue holds; none if that is more than can be counted."""
        try:
            return await self._transport.depth(self._queue)
        except UnsupportedError:
            return None


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
