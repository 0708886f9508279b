"""The account of a suite under faults: what was asked for, and what became of it."""

from __future__ import annotations

import asyncio
import json
import os
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from recado.schemas.events import RunReply
from tests.system.conducting import Conductor, recorded
from tests.system.fleet import Fleet
from tests.system.site import Site


@dataclass(slots=True)
class Account:
    """Runs of the recipe ``study`` of :mod:`tests.system.study`, and their effects."""

    site: Site
    ships: Fleet
    conductor: Conductor
    runs: dict[str, int] = field(default_factory=dict[str, int])
    """Participants by run."""
    shown: list[RunReply] = field(default_factory=list[RunReply])
    _noted: Counter[str] = field(default_factory=Counter[str])

    async def submit(self, participants: int) -> str:
        """Submit a study, and remember it."""
        run = await self.conductor.submit(f"1-{participants}")
        self.runs[run] = participants
        return run

    @asynccontextmanager
    async def submitting(self) -> AsyncGenerator[None]:
        """Submit small studies until the block ends; each is confirmed, at once or later."""
        is_over = asyncio.Event()

        async def submit() -> None:
            while not is_over.is_set():
                await self.submit(5)
                await asyncio.sleep(0.2)

        async with asyncio.TaskGroup() as group:
            group.create_task(submit())
            yield
            is_over.set()

    async def end(self) -> None:
        """Wait until each run is finished."""
        for run in list(self.runs)[len(self.shown) :]:
            self.shown.append(await self.conductor.finished(run, 120))

    def effects(self) -> list[str]:
        """Return a line for each time that a participant was handled."""
        path = self.ships.state / "journal.txt"
        return path.read_text().splitlines() if path.exists() else []

    async def until_effects(self, count: int, within_s: float = 60.0) -> None:
        """Wait until there are so many effects."""
        async with asyncio.timeout(within_s):
            # A file tells nobody that it grows.
            while len(self.effects()) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)

    def check(self) -> None:
        """Assert that each message was recorded exactly once, and no other."""
        assert {each.run: each.state for each in self.shown} == dict.fromkeys(
            self.runs, "done"
        )
        assert self._totals()["twice"] == self._totals()["dead"] == 0
        assert self._totals()["recorded"] == sum(self.runs.values())
        assert set(self.effects()) == {
            f"{run} {number}"
            for run, many in self.runs.items()
            for number in range(1, many + 1)
        }

    def note(self, fault: str, back_s: float | None = None) -> None:
        """Add a row to the table of faults: what became of everything since the last."""
        totals = self._totals()
        since = {name: totals[name] - self._noted[name] for name in totals}
        self._noted = totals
        back = None if back_s is None else round(back_s, 1)
        row = {"broker": self.site.server.name, "fault": fault, **since, "back_s": back}
        print(json.dumps(row))
        if table := os.environ.get("RECADO_FAULTS_TABLE"):
            with Path(table).open("a") as file:
                file.write(json.dumps(row) + "\n")

    def _totals(self) -> Counter[str]:
        """Return how many participants there are of each kind."""
        state = self.ships.state
        handled = recorded(state, "message.handled")
        journal = [each for each in handled if each["service"] == "journal"]
        return Counter(
            confirmed=sum(self.runs.values()),
            delivered=len(self.effects()),
            recorded=len(journal),
            twice=len(handled) - len({each["message"] for each in handled}),
            dead=len(recorded(state, "message.dead")),
        )
