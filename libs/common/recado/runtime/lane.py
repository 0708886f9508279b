"""A lane: one queue's deliveries, and the few workers that take them in turn."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import perf_counter
from typing import Final

from recado.metrics import Durations
from recado.runtime.ending import Ending
from recado.runtime.load import Load
from recado.runtime.work import Work, released
from recado.transport.base import Delivery

_SLICE_S: Final = 0.005
"""A worker lets others have the event loop after this time, even with more to do."""


class Lane:
    """Takes deliveries as they come, and has them handled by long-lived workers.

    There is no task for each message, and nobody waits for a settlement: what the
    transport delivers at most unsettled, its prefetch, is the bound.
    """

    def __init__(
        self,
        work: Work,
        load: Load,
        settle: Callable[[Sequence[Ending]], None],
        *,
        workers: int,
    ) -> None:
        self.work = work
        self.in_work = 0
        """Messages that are being handled."""
        self.durations = Durations()
        """How long each handling took; that of a batch is one."""
        self._load = load
        self._settle = settle
        self._ready: deque[Delivery] = deque()
        self._alone: deque[Delivery] = deque()
        self._idle: deque[asyncio.Future[None]] = deque()
        self._closed = False
        self._is_left = False
        self._workers = [
            asyncio.create_task(self._run(), name=f"{work.place.queue}-{number}")
            for number in range(workers)
        ]

    @property
    def workers(self) -> Sequence[asyncio.Task[None]]:
        """The workers' tasks; they end when the lane is closed."""
        return self._workers

    @property
    def is_idle(self) -> bool:
        """Whether nothing waits and nothing is being handled."""
        return not (self._ready or self._alone or self.in_work)

    @property
    def waiting(self) -> int:
        """Messages that nobody has begun to work on."""
        return len(self._ready) + len(self._alone)

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Take deliveries; returns at once."""
        self._put(self._ready, deliveries)

    def again(self, deliveries: Sequence[Delivery]) -> None:
        """Take deliveries a second time, to be handled one by one."""
        self._put(self._alone, deliveries)

    def close(self) -> None:
        """Begin no more work; what comes, or waits, waits to be put back."""
        self._closed = True
        while self._idle:
            self._wake()

    def put_back(self) -> None:
        """Put back what nobody has begun to work on, once no more is to come."""
        self._is_left = True
        self._settle([released(each) for each in (*self._alone, *self._ready)])
        self._alone.clear()
        self._ready.clear()

    def cancel(self) -> int:
        """Stop the work that is going on; return how many messages that puts back."""
        self.work.is_stopped = True
        for worker in self._workers:
            worker.cancel()
        return self.in_work

    def _put(self, waiting: deque[Delivery], deliveries: Sequence[Delivery]) -> None:
        if self._is_left:
            self._settle([released(each) for each in deliveries])
        else:
            waiting.extend(deliveries)
            self._wake()

    async def _run(self) -> None:
        own = asyncio.current_task()
        resumed = perf_counter()
        while not self._closed:
            if self._alone:
                await self._one(self._alone.popleft())
            elif not self._ready:
                await self._wait()
                resumed = perf_counter()
                continue
            elif self.work.size == 1:
                await self._one(self._ready.popleft())
            else:
                await self._many()
            if own is not None and own.cancelling() and not self.work.is_stopped:
                await _resumed(own)
            if perf_counter() - resumed > _SLICE_S:
                await asyncio.sleep(0)
                resumed = perf_counter()

    async def _one(self, delivery: Delivery) -> None:
        if self._idle and (self._ready or self._alone):
            self._wake()
        delivery.began()
        self._enter(1)
        began = perf_counter()
        try:
            ending = await self.work.end(delivery)
        finally:
            self._leave(1)
        self.durations.add(perf_counter() - began)
        self._settle((ending,))

    async def _many(self) -> None:
        count = min(self.work.size, len(self._ready))
        taken = [self._ready.popleft() for _ in range(count)]
        for delivery in taken:
            delivery.began()
        self._enter(count)
        began = perf_counter()
        try:
            endings = await self.work.end_all(taken)
        finally:
            self._leave(count)
        self.durations.add(perf_counter() - began)
        self._settle(endings)

    def _enter(self, count: int) -> None:
        self.in_work += count
        self._load.enter(count)

    def _leave(self, count: int) -> None:
        self.in_work -= count
        self._load.leave(count)

    async def _wait(self) -> None:
        waiter = asyncio.get_running_loop().create_future()
        self._idle.append(waiter)
        await waiter

    def _wake(self) -> None:
        while self._idle:
            waiter = self._idle.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return


async def _resumed(worker: asyncio.Task[None]) -> None:
    """Have a worker go on that a handler has cancelled: the next message is not at fault."""
    while worker.cancelling():
        worker.uncancel()
    with suppress(asyncio.CancelledError):
        await asyncio.sleep(0)
