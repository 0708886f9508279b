"""The supervisor: starts instances, starts them again when they end, and drains them.

No process outlives it. Each holds the reading end of a pipe whose writing end only the
supervisor has, and drains when that is closed.
"""

from __future__ import annotations

import asyncio
import errno
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from recado_cli.child import Child, Instance, Surroundings, how
from recado_cli.failing import FAILED, MISUSED, RELEASED
from recado_cli.lines import SUPERVISOR, Facts, Write

LAST_S: Final = 5.0
"""What a drain may take beyond the grace period."""
HURRY_S: Final = 2.0
"""What is left to a process that has been told to end at once."""


class Supervisor:
    """Runs instances until it is stopped: first drained, the second time at once."""

    def __init__(
        self,
        instances: Sequence[Callable[[int], Instance]],
        write: Write,
        variables: Mapping[str, str],
        *,
        grace_s: float = 30.0,
        hurry_s: float = HURRY_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; each of ``instances`` is told the pipe that its process watches."""
        self._pipe, self._held = os.pipe()
        self._write = write
        self._grace_s = grace_s
        self._hurry_s = hurry_s
        around = Surroundings(variables, self._pipe, self._lines, self.say, clock)
        self.children = [Child(make(self._pipe), around) for make in instances]
        self.is_ready = asyncio.Event()
        """Set once every instance has said that it is ready."""
        self._clock = clock
        self._stopping = asyncio.Event()
        self._hurry = asyncio.Event()
        self._killing = False

    async def run(self) -> int:
        """Run until stopped, until all have been, or until one instance is misconfigured.

        The exit code is 0 if every instance drained, 2 if one was misconfigured, 3 if one
        had to put back what it held, or to be killed, and 1 for anything else.
        """
        self._began = self._clock()
        lives = [
            asyncio.create_task(child.run(), name=child.instance.label)
            for child in self.children
        ]
        ready = asyncio.create_task(self._tell_ready())
        ending = asyncio.create_task(self._end())
        try:
            for life in asyncio.as_completed(lives):
                if await life == MISUSED and not self._stopping.is_set():
                    self.say("up.misconfigured", level="error")
                    self.stop()
        finally:
            ready.cancel()
            ending.cancel()
            for child in self.children:
                child.stop(signal.SIGKILL)
            await asyncio.wait([*lives, ready, ending])
            os.close(self._pipe)
            os.close(self._held)
        return self._code()

    def stop(self) -> None:
        """Drain; the second time, end at once."""
        if self._stopping.is_set():
            self._hurry.set()
        self._stopping.set()

    def say(self, event: str, *, level: str = "info", **facts: Any) -> None:
        """Write a line of the supervisor's own."""
        from pydantic_core import to_json

        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        head = {"at": at.replace("+00:00", "Z"), "level": level, "event": event}
        told = head | {"service": SUPERVISOR} | facts
        self._lines(SUPERVISOR, to_json(told).decode(), told)

    def _lines(self, label: str, line: str, facts: Facts | None) -> None:
        try:
            self._write(label, line, facts)
        except OSError as error:
            # A full disk takes no lines for a while, and that is all. Otherwise nobody
            # reads any more, and the services must not be stopped half way for it.
            if error.errno != errno.ENOSPC:
                self._write = _nowhere
                self.stop()

    async def _tell_ready(self) -> None:
        for child in self.children:
            await child.is_ready.wait()
        self.is_ready.set()
        self.say(
            "up.ready",
            instances=len(self.children),
            seconds=round(self._clock() - self._began, 2),
        )

    async def _end(self) -> None:
        await self._stopping.wait()
        self.say("up.draining", instances=len(self.children), grace_s=self._grace_s)
        self._signal(signal.SIGTERM)
        await _for_a_while(self._hurry, self._grace_s + LAST_S)
        self.say("up.ending", level="warning", instances=self._alive())
        self._signal(signal.SIGTERM)
        await asyncio.sleep(self._hurry_s)
        self._killing = True
        self.say("up.killing", level="error", instances=self._alive())
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        for child in self.children:
            child.stop(number)

    def _alive(self) -> list[str]:
        return [each.instance.label for each in self.children if each.pid]

    def _code(self) -> int:
        codes = {child.code for child in self.children}
        self.say("up.stopped", ended=_ends(self.children))
        if MISUSED in codes:
            return MISUSED
        if codes <= {0}:
            return 0
        return RELEASED if self._killing or codes <= {0, RELEASED} else FAILED


def _ends(children: Iterable[Child]) -> dict[str, str]:
    return {child.instance.label: how(child.code) for child in children if child.code}


async def _for_a_while(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return


def _nowhere(label: str, line: str, facts: Facts | None) -> None:
    return
