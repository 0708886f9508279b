"""Wraps a job: starts it, speaks for it, and tells its run how it ended."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recado.clock import Clock, SystemClock, pause
from recado.config import Settings
from recado.errors import RecadoError
from recado.heartbeat import Status, host_name
from recado.log import get_logger
from recado.runtime.draining import finished, within
from recado.transport.base import Transport
from recado.wrapping.ending import UNSENT, Ending, Reason, Stop
from recado.wrapping.execution import Execution
from recado.wrapping.hearing import Hearing
from recado.wrapping.job import (
    ALL_RESULTS,
    COMPLETED,
    FAILURE,
    ONE_RESULT,
    STARTING,
    SUCCESS,
)
from recado.wrapping.journal import Journal
from recado.wrapping.launch import NOT_EXECUTABLE
from recado.wrapping.order import Order
from recado.wrapping.parts import Parts
from recado.wrapping.pulse import Pulse
from recado.wrapping.results import all_files, found, result_file
from recado.wrapping.sender import Sender

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

FIRST_S: Final = 3.0
"""How long a job waits for a broker that does not answer, before it starts without."""
LAST_S: Final = 2.0
FIRST_TOLD_S: Final = 10.0
"""After how long it is told what a job has written; then ever more rarely."""
LONGEST_TOLD_S: Final = 600.0


class Wrap:
    """Runs one job, once.

    Raises:
        ConfigError: if nothing can be kept in the state folder.
    """

    def __init__(
        self,
        order: Order,
        settings: Settings,
        transport: Transport,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.order = order
        self.clock = clock or SystemClock()
        self.instance = host_name()
        self.parts = Parts(
            order.job, order.assignment, order.name, self.instance, self.clock
        )
        self.log: FilteringBoundLogger = get_logger(
            service="wrap", instance=self.instance, job=self.parts.job
        )
        self._journal = Journal.open(settings.state, self.parts.job)
        self.sender = Sender(
            transport, self._journal, self.clock, self.log, settings.topology
        )
        self.execution = Execution(order, self.clock, settings.grace_s, self.log)
        self._settings = settings
        self._transport = transport
        self._pulse = Pulse(
            transport,
            self.clock,
            self.log,
            self.instance,
            order.task,
            run=self.parts.run,
            step=self.parts.step,
        )
        self._hearing = Hearing(self.parts, self.sender, self._pulse, self.log)
        self.is_stuck = False
        """Whether something may hold the process up when all is done."""
        self._is_over = False
        self._leaving = asyncio.Event()

    def stop(self, stop: Stop) -> None:
        """Have the job end; if it has, do not wait for the broker any longer."""
        if self._is_over:
            self._leaving.set()
        else:
            self.execution.stop(stop)

    def dump(self) -> None:
        """Have a wrapper write down where its threads are, if it can by now."""
        if self.order.wrapper and self._hearing.is_awake:
            self.execution.dump()

    async def run(self) -> int:
        """Run the job to its end, and return the exit code.

        Raises:
            ConfigError: before the job is started, if the broker's URL cannot be used.
        """
        posting = asyncio.create_task(self.sender.run(), name="sender")
        others = [
            asyncio.create_task(self._attend(), name="pulse"),
            asyncio.create_task(self._watch(), name="watch"),
        ]
        try:
            await self._reach(posting)
            ending = await self._performed()
            await self._deliver(posting)
        finally:
            for each in (posting, *others):
                each.cancel()
            await asyncio.wait([posting, *others], timeout=LAST_S)
        await self._let_go(ending)
        return UNSENT if ending.is_done and self.sender.left else ending.exit_code

    # The broker

    async def _reach(self, posting: asyncio.Task[None]) -> None:
        """Try the broker once, for a while at most: the job does not depend on it."""
        tried = asyncio.create_task(self.sender.tried.wait())
        either = asyncio.wait({posting, tried}, return_when=asyncio.FIRST_COMPLETED)
        await within(self.clock, FIRST_S, either)
        tried.cancel()
        if posting.done():
            posting.result()
        if not self.sender.connected.is_set():
            self.log.warning("job.unattended")

    async def _attend(self) -> None:
        await self.sender.connected.wait()
        await self._pulse.run(partial(self.stop, Stop.by_command()))

    async def _watch(self) -> None:
        wait_s, told = FIRST_TOLD_S, 0
        began = self.clock()
        while True:
            await pause(self.clock, wait_s)
            wait_s = min(LONGEST_TOLD_S, wait_s * 2)
            written = self.execution.written
            if written != told and self.sender.is_flowing:
                told = written
                seconds = round(self.clock() - began, 3)
                facts = {"seconds": seconds, **self.execution.texts()}
                self.sender.tell(self.parts.tell(facts))

    async def _deliver(self, posting: asyncio.Task[None]) -> None:
        """Wait until the broker has everything, for the grace period at most."""
        timer = self.clock.call_later(self._settings.grace_s, self._leaving.set)
        posting.add_done_callback(lambda _: self._leaving.set())
        try:
            await finished(self.sender.emptied(), self._leaving)
        finally:
            timer.cancel()

    async def _let_go(self, ending: Ending) -> None:
        is_well = ending.reason in (Reason.DONE, Reason.CANCELLED)
        status = Status.END if is_well else Status.ERROR
        is_there = self.sender.connected.is_set()
        if is_there:
            await self._pulse.last(status)
        is_closed = await within(self.clock, LAST_S, self._transport.close())
        self.is_stuck = not (is_there and is_closed)
        self._journal.close()
        if self.sender.left:
            self.log.error(
                "job.unsent",
                count=self.sender.left,
                folder=str(self._journal.folder) if self.sender.is_kept else None,
                hint="'recado wrap --resend' sends what is in the folder",
            )

    # The job

    async def _performed(self) -> Ending:
        began = self.clock()
        facts = {**self.order.facts(), "host": self.instance}
        await self.sender.put(self.parts.begin(facts))
        self.log.info("job.started", run=self.parts.run, task=self.order.task)
        if not self.order.wrapper:
            await self._say(STARTING, "Starting processing")
        self._pulse.change(status=Status.PROCESSING)
        ending = await self._executed()
        self._is_over = True
        files = await self._concluded(ending)
        seconds = self.clock() - began
        facts = {
            "reason": ending.reason,
            "text": ending.text,
            "exit_code": ending.exit_code,
            "seconds": round(seconds, 3),
            "results": files,
            "host": self.instance,
            **self.execution.texts(),
        }
        await self.sender.put(self.parts.end(facts, seconds))
        self.log.info(
            "job.ended",
            reason=str(ending.reason),
            code=ending.exit_code,
            seconds=round(seconds, 3),
        )
        return ending

    async def _executed(self) -> Ending:
        first = None
        if self.order.wrapper:
            settings = self._settings
            first = self.order.first_words(settings.log_level, settings.log_format)
        try:
            code = await self.execution.run(self._hearing, first)
        except OSError as error:
            text = f"cannot be started: {error.strerror or error}"
            return Ending(Reason.FAILED, NOT_EXECUTABLE, text)
        told = self.execution.told
        if self.order.wrapper:
            return Ending.of_wrapper(code, told, self._hearing.word)
        return Ending.of_command(code, told)

    async def _concluded(self, ending: Ending) -> int:
        """Send what the job has not sent itself; return how many result files there are."""
        if self._hearing.word is not None:
            return 0
        files = 0
        if ending.is_done:
            files = await self._results()
        if not self._hearing.told & {SUCCESS, FAILURE}:
            if ending.is_done:
                await self._say(SUCCESS, "Finished processing")
            else:
                await self._say(FAILURE, f"Processing failed: {ending.text}")
        if COMPLETED not in self._hearing.told:
            await self._say(COMPLETED, "Finished processing")
        return files

    async def _results(self) -> int:
        if self.order.wrapper:
            return 0
        patterns = self.order.assignment.results if self.order.assignment else []
        files, missing = await asyncio.to_thread(
            found, Path.cwd(), self.order.result_files, patterns
        )
        for path in missing:
            self.log.warning("job.result_missing", file=str(path))
        for path in files:
            await self._say(ONE_RESULT, result_file(path))
        if files:
            await self._say(ALL_RESULTS, all_files(files))
        return len(files)

    async def _say(self, channel: str, payload: object) -> None:
        try:
            await self.sender.put(self.parts.output(channel, payload))
        except RecadoError as error:
            # One output that cannot be sent keeps none of the others back.
            self.log.error("job.output_failed", output=channel, error=str(error))
