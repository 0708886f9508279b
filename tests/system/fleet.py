"""A fleet: every service as a process of its own, to be killed and started again."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.system.faulty import SERVICES

CORE = ("dispatcher", "expander", "eventstore", "registry", "deadletter")
_READY = "service.ready"


class Member:
    """One instance of a service, and its log."""

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self.process = process
        self.log: list[dict[str, Any]] = []
        self.ready = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            try:
                entry: dict[str, Any] = json.loads(line)
            except ValueError:
                entry = {"event": "text", "text": line.decode(errors="replace")}
            self.log.append(entry)
            if entry.get("event") == _READY:
                self.ready.set()

    async def until_ready(self) -> None:
        """Wait until it takes messages; raises if it ends before."""
        ready = asyncio.create_task(self.ready.wait())
        ended = asyncio.create_task(self.process.wait())
        await asyncio.wait([ready, ended], return_when=asyncio.FIRST_COMPLETED)
        ready.cancel()
        ended.cancel()
        if not self.ready.is_set():
            raise AssertionError(f"{self.name} ended at its start: {self.log[-5:]}")

    async def end(self, sign: signal.Signals) -> int:
        """Send a signal and return the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(sign)
        code = await self.process.wait()
        await self._reading
        return code


class Fleet:
    """Processes of one installation, in a state folder of its own."""

    def __init__(self, state: Path, recipes: Path, **environment: str) -> None:
        self.state = state
        self.url = environment.get("RECADO_BROKER", f"sqlite:///{state}/broker.db")
        self.members: list[Member] = []
        self._environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("RECADO_")},
            "RECADO_STATE": str(state),
            "RECADO_RECIPES": str(recipes),
            "RECADO_LOG_FORMAT": "json",
            **environment,
        }

    async def start(self, name: str) -> Member:
        """Start one more instance of a service."""
        command = ["-m", "recado_cli", "service", name]
        if name in SERVICES:
            command = [str(Path(__file__).with_name("faulty.py")), name]
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            limit=2**22,
        )
        member = Member(name, process)
        self.members.append(member)
        return member

    async def start_all(self, names: Sequence[str]) -> None:
        """Start services and wait until each of them is ready."""
        started = [await self.start(name) for name in names]
        await asyncio.gather(*(member.until_ready() for member in started))

    async def stop(self) -> list[int]:
        """Drain every process that still runs; return their exit codes."""
        return await asyncio.gather(
            *(each.end(signal.SIGTERM) for each in self.running)
        )

    @property
    def running(self) -> list[Member]:
        """The processes that run now."""
        return [each for each in self.members if each.process.returncode is None]

    async def until_logged(self, event: str, times: int) -> None:
        """Wait until processes have logged something so many times."""
        async with asyncio.timeout(60):
            # Their lines come when they come.
            while len(self.logged(event)) < times:  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """Return every process's log entries of one kind."""
        return [
            entry
            for member in self.members
            for entry in member.log
            if entry.get("event") == event
        ]


@asynccontextmanager
async def fleet(
    state: Path, recipes: Path, names: Sequence[str], **environment: str
) -> AsyncGenerator[Fleet]:
    """Run services for the length of a block, then drain them."""
    ships = Fleet(state, recipes, **environment)
    try:
        await ships.start_all(names)
        yield ships
    finally:
        for member in ships.members:
            if member.process.returncode is None:
                await member.end(signal.SIGKILL)
