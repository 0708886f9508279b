"""The execution of a job: its process is started, watched, and ended when it must be."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from contextlib import AsyncExitStack, suppress
from functools import partial
from typing import TYPE_CHECKING, Final

from recado.clock import Clock
from recado.runtime.draining import finished
from recado.runtime.threads import Threads
from recado.wrapping.ending import Stop
from recado.wrapping.hearing import Hearing
from recado.wrapping.order import Order
from recado.wrapping.outflow import outflow
from recado.wrapping.process import JobProcess
from recado.wrapping.tail import Tail

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_STDOUT: Final = 1
_STDERR: Final = 2


class Execution:
    """Runs a job's process, once; what it writes goes where ours does."""

    def __init__(
        self, order: Order, clock: Clock, grace_s: float, log: FilteringBoundLogger
    ) -> None:
        self.tails = {
            "stdout": Tail(order.tail_bytes),
            "stderr": Tail(order.tail_bytes),
        }
        self.told: Stop | None = None
        """What it was told to end for, if it was."""
        self._order = order
        self._clock = clock
        self._grace_s = grace_s
        self._log = log
        self._process: JobProcess | None = None
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._has_ended = False

    @property
    def written(self) -> int:
        """How many bytes the job has written."""
        return sum(tail.total for tail in self.tails.values())

    def texts(self) -> dict[str, str]:
        """Return the ends of what the job wrote."""
        return {name: tail.text() for name, tail in self.tails.items()}

    def stop(self, stop: Stop) -> None:
        """Have the job end, within the grace period; at once if told a second time.

        If it has, do not wait for who is to read what it wrote.
        """
        if self._has_ended:
            self._stopping.set()
            return
        if self.told is not None:
            self._hurry.set()
            return
        self.told = stop
        self._log.warning("job.stopping", why=stop.text, grace_s=self._grace_s)
        self._stopping.set()

    def dump(self) -> None:
        """Have a wrapper write down where its threads are."""
        if self._process is not None:
            self._process.tell(signal.SIGUSR2)

    async def run(self, hearing: Hearing, first: object) -> int:
        """Run the process to its end, and return its exit code.

        When this returns everything is taken that it said and wrote, and what it started
        is gone as well.

        Raises:
            OSError: if no process can be started.
        """
        threads = Threads("outflow")
        async with AsyncExitStack() as stack:
            ours, theirs = socket.socketpair()
            stack.callback(ours.close)
            flows = [
                await stack.enter_async_context(outflow(target, tail, threads))
                for target, tail in zip(
                    (_STDOUT, _STDERR), self.tails.values(), strict=True
                )
            ]
            process = await self._started(theirs, *(end for _, end in flows))
            listening = asyncio.create_task(hearing.run(ours, first))
            try:
                code = await self._lived(process)
            finally:
                self._has_ended = True
                process.close()
            with suppress(OSError):
                # Whoever it left behind may hold the line; what is said by now is taken.
                ours.shutdown(socket.SHUT_RD)
            await listening
            for flow, _ in flows:
                await flow.ended(self._clock, self._stopping)
        threads.close()
        return code

    async def _started(self, line: socket.socket, out: int, err: int) -> JobProcess:
        try:
            self._process = await JobProcess.start(
                self._order.program, line, out, err, has_input=self._order.has_input
            )
            return self._process
        finally:
            line.close()
            os.close(out)
            os.close(err)

    async def _lived(self, process: JobProcess) -> int:
        limit_s = self._order.limit_s
        limit = None
        if limit_s is not None:
            limit = self._clock.call_later(limit_s, partial(self._exceed, limit_s))
        try:
            if not await finished(process.wait(), self._stopping):
                await self._end(process)
            return await process.wait()
        finally:
            if limit is not None:
                limit.cancel()

    def _exceed(self, limit_s: float) -> None:
        # Who is stopping already has the grace period, and no less.
        if self.told is None:
            self.stop(Stop.by_limit(limit_s))

    async def _end(self, process: JobProcess) -> None:
        process.tell_all(signal.SIGTERM)
        grace = self._clock.call_later(self._grace_s, self._hurry.set)
        try:
            if not await finished(process.wait(), self._hurry):
                self._log.warning("job.killed")
                process.tell_all(signal.SIGKILL)
        finally:
            grace.cancel()
