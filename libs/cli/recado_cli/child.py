"""One instance under supervision: its process, started again unless it was to end."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from recado.pipes import piped
from recado_cli.backoff import Backoff
from recado_cli.failing import MISUSED, RELEASED
from recado_cli.lines import Write, parsed

_LONGEST_LINE: Final = 4 * 1024 * 1024
_LONGEST_SHOWN: Final = 64 * 1024
READY: Final = "service.ready"
STOPPED: Final = "service.stopped"
ASKED: Final = frozenset({0, RELEASED})
"""How a service ends only if somebody asked it to: by a command, or by a signal."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What is to run: a service, and which of its instances."""

    service: str
    label: str
    command: Sequence[str]
    """The program and its arguments."""


@dataclass(slots=True)
class Surroundings:
    """What all children have in common."""

    variables: Mapping[str, str]
    pipe: int
    """The end of a pipe that a child watches: it closes when the parent is gone."""
    write: Write
    say: Callable[..., None]
    """Writes a line of the supervisor's own: an event and its facts."""
    clock: Callable[[], float]
    backoff: Backoff = field(default_factory=Backoff)


class Child:
    """Runs an instance's processes, one after the other, until it is stopped."""

    def __init__(self, instance: Instance, around: Surroundings) -> None:
        self.instance = instance
        self.is_ready = asyncio.Event()
        self.code = 0
        """How the last process ended."""
        self._around = around
        self._process: Process | None = None
        self._stopping = asyncio.Event()
        self._told: int | None = None

    async def run(self) -> int:
        """Run until stopped, by us or by others, or misconfigured; return the exit code.

        Whoever stops a service with a command does not want to see it come back.
        """
        wait_s = 0.0
        while not self._stopping.is_set():
            began = self._around.clock()
            self.code = await self._live()
            if self._stopping.is_set() or self.code == MISUSED:
                break
            if self.code in ASKED:
                self._around.say(
                    "process.stopped",
                    instance=self.instance.label,
                    ended=how(self.code),
                )
                break
            wait_s = self._around.backoff.after(wait_s, self._around.clock() - began)
            self._around.say(
                "process.ended",
                level="warning",
                instance=self.instance.label,
                ended=how(self.code),
                again_in_s=wait_s,
            )
            with suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._stopping.wait()
        return self.code

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Send the process a signal, and start no other."""
        self._stopping.set()
        process = self._process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(number)

    @property
    def pid(self) -> int | None:
        """The process's id, while there is one."""
        return self._process.pid if self._process is not None else None

    async def _live(self) -> int:
        async with piped(_LONGEST_LINE) as (reader, end):
            try:
                process = self._process = await self._started(end)
            finally:
                os.close(end)
            reading = asyncio.create_task(self._read(reader))
            if self._stopping.is_set():
                # It was stopped while the process was being started.
                self.stop()
            code = await process.wait()
            self._process = None
            # What it started itself would keep its output open, and outlive it.
            _kill_group(process.pid)
            await reading
            return self._judged(code)

    async def _started(self, output: int) -> Process:
        return await asyncio.create_subprocess_exec(
            *self.instance.command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self._around.variables,
            pass_fds=[self._around.pipe],
            # The terminal's Ctrl-C is for the supervisor alone.
            start_new_session=True,
        )

    def _judged(self, code: int) -> int:
        if not self._stopping.is_set() or code != -signal.SIGTERM:
            return code
        # While it was starting it held nothing; when it had said how it stopped, the
        # signal met what was left of it.
        if not self.is_ready.is_set():
            return 0
        return code if self._told is None else self._told

    async def _read(self, reader: asyncio.StreamReader) -> None:
        while True:
            try:
                raw = await reader.readline()
            except ValueError:
                # The reader has thrown the line away; the lines after it are whole.
                self._around.write(self.instance.label, "(a line too long)", None)
                continue
            if not raw:
                return
            self._take(raw.decode(errors="backslashreplace").rstrip("\r\n"))

    def _take(self, line: str) -> None:
        facts = parsed(line)
        shown = line if facts is not None else line[:_LONGEST_SHOWN]
        self._around.write(self.instance.label, shown, facts)
        if facts is None:
            return
        if facts["event"] == READY:
            self._told = None
            self.is_ready.set()
        elif facts["event"] == STOPPED and isinstance(facts.get("code"), int):
            self._told = facts["code"]


def _kill_group(pid: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def how(code: int) -> str:
    """Return how a process ended, in words."""
    if code >= 0:
        return f"exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
