"""What a process does now and then: renew its lease, look for the dead, look again."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import structlog

from recado.errors import DisconnectedError, TransportError
from recado.transport.embedded import reading, workers
from recado.transport.embedded.place import Place
from recado.transport.embedded.presence import Presence, begun, gone, is_gone
from recado.transport.embedded.store import Store
from recado.transport.embedded.wake import sweep

if TYPE_CHECKING:
    from recado.transport.embedded.consumer import Tag
    from recado.transport.embedded.transport import EmbeddedTransport

log = structlog.get_logger()

_ROUNDS_S: Final = 1.0
"""How often the others' locks are tried, so a dead process's messages come back."""
_FALLBACK_S: Final = 0.25
"""How often to look for what a lost wake-up would have told."""


class Rounds:
    """A process's registration, and its looking after that of the others."""

    def __init__(
        self, transport: EmbeddedTransport, place: Place, reader: Executor
    ) -> None:
        self.worker = 0
        """This process's number; a new one if its lease had ended."""
        self._presence: Presence | None = None
        self._transport = transport
        self._place = place
        self._reader = reader
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._made: list[Presence] = []
        self._seen_version = -1

    async def start(self) -> None:
        """Register, bring back what the dead held, and go on doing so."""
        await self._register()
        if self._place.path is not None:
            self._repeat("rounds", _ROUNDS_S, self._go_round)
            self._repeat("lease", self._place.lease_s / 3, self._renew)
            self._repeat("fallback", _FALLBACK_S, self._look)
            await self._rescue()

    async def stop(self) -> None:
        """Do no more of it; what is under way is given up."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # Work

    def begin(self, tag: Tag) -> None:
        """Write down that the work on a delivery begins, if it is this worker's still."""
        if self._presence is not None and tag.worker == self.worker and tag.slot < 0:
            tag.slot = self._presence.begin(tag.row)

    def end(self, tag: Tag) -> None:
        """Cross out what :meth:`begin` wrote."""
        if self._presence is not None and tag.worker == self.worker:
            self._presence.end(tag.slot)
            tag.slot = -1

    # Registration

    async def _register(self) -> None:
        def run(store: Store) -> int:
            self._remove_files()  # of former registrations, ended or rolled back
            worker = workers.add(store, str(os.getpid()), self._lease())
            if self._place.path is not None:
                self._made.append(Presence(self._place.presence, worker))
            return worker

        self._presence = None
        self.worker = await self._transport.do(run)
        self._presence = self._made[0] if self._made else None

    def _lease(self) -> float:
        """Return a lease's end, counted from when there is the right to write at last."""
        return workers.host_time() + self._place.lease_s

    def _remove_files(self) -> None:
        while self._made:
            self._made.pop().remove()

    def leave(self, *, leaves_file: bool) -> None:
        """Let go of the lock file, when nothing is written any more."""
        if not leaves_file:
            self._remove_files()
        for presence in self._made:
            presence.let_go()

    async def _renew(self) -> None:
        worker = self.worker
        if await self._transport.do(
            lambda store: workers.renew(store, worker, self._lease()), durable=False
        ):
            await self._transport.rejoin()
            await self._rescue()
        else:
            await self._come_back()

    def lease_lost(self) -> None:
        """Register anew, soon."""
        self._start("lease", self._renew)

    async def come_back(self) -> None:
        """Register anew, and return when that is done."""
        self.lease_lost()
        await asyncio.shield(self._tasks["lease"])

    async def _come_back(self) -> None:
        """Register anew, after the lease had ended and others took what was held."""
        log.warning("transport.lease_lost", worker=self.worker)
        await self._register()
        await self._transport.rejoin()

    # The dead

    async def _go_round(self) -> None:
        registered = await self._transport.read(reading.workers)
        for worker in await asyncio.get_running_loop().run_in_executor(
            self._reader, gone, self._place.presence, registered, self.worker
        ):
            await self._bury(worker)

    async def _bury(self, worker: int) -> None:
        """Bring back what a process held that is gone, and clean up after it."""
        folder = self._place.presence
        file = folder / f"{worker}.lock"

        def run(store: Store) -> bool:
            # Looked at again with the write lock, under which they register.
            if not is_gone(folder, worker):
                return False
            was_there = workers.remove(store, worker, begun(folder, worker))
            if not was_there:  # its number may be given out once more
                file.unlink(missing_ok=True)
            return was_there

        if await self._transport.do(run):
            log.warning("transport.rescued", worker=worker, hung=False)
            file.unlink(missing_ok=True)
            sweep(self._place.sockets, worker)

    async def _rescue(self) -> None:
        """Bring back what processes held that are gone, or do not answer."""
        await self._go_round()
        run = partial(_take_from_hung, self._place.presence, workers.host_time())
        for worker in await self._transport.do(run):
            log.warning("transport.rescued", worker=worker, hung=True)

    # Looking again

    async def _look(self) -> None:
        """Look again if another process has written anything since the last look."""
        version = await self._transport.read(reading.version)
        if version != self._seen_version:
            self._seen_version = version
            self._transport.look_again()

    # Timers

    def _repeat(
        self, name: str, seconds: float, act: Callable[[], Coroutine[Any, Any, None]]
    ) -> None:
        loop = asyncio.get_running_loop()

        def run() -> None:
            self._timers[name] = loop.call_later(seconds, run)
            self._start(name, act)

        self._timers[name] = loop.call_later(seconds, run)

    def _start(self, name: str, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Do something now, unless it is being done."""
        former = self._tasks.get(name)
        if former is None or former.done():
            self._tasks[name] = asyncio.create_task(_guarded(name, act))


def _take_from_hung(folder: Path, now: float, store: Store) -> list[int]:
    hung = workers.overdue(store, now)
    for worker in hung:
        workers.remove(store, worker, begun(folder, worker))
    return hung


async def _guarded(name: str, act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    try:
        with suppress(DisconnectedError):
            await act()
    except (TransportError, OSError) as error:
        log.warning("transport.round_failed", round=name, error=str(error))
