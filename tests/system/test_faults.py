"""Services killed and stopped again and again while studies run: nothing is lost.

The seed is printed; ``RECADO_SEED`` repeats a test's choice of moments. With
``RECADO_FAULTS=long`` (``make faults``) there are ten times as many blows.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from recado.schemas.events import RunReply
from tests.system.conducting import Conductor, conducting, recorded
from tests.system.fleet import CORE, Fleet, fleet
from tests.system.study import write_recipes

BLOWS = 100 if os.environ.get("RECADO_FAULTS") == "long" else 10
"""How often each service is hit."""
STRUCK = ("dispatcher", "expander", "eventstore", "registry", "deadletter", "journal")
STUDY = 2_000
"""Participants of the one large study."""
SMALL = 10
"""Participants of each study that keeps the services busy until the last blow."""

pytestmark = pytest.mark.timeout(60 + 15 * BLOWS)


async def strike(
    ships: Fleet, name: str, sign: signal.Signals, dice: random.Random
) -> list[int]:
    """Hit a service again and again, each time at a random moment of its life."""
    codes: list[int] = []
    [member] = [each for each in ships.members if each.name == name]
    for _ in range(BLOWS):
        await member.until_ready()
        await asyncio.sleep(dice.uniform(0.0, 0.6))
        codes.append(await member.end(sign))
        member = await ships.start(name)
    await member.until_ready()
    return codes


@asynccontextmanager
async def studies(conductor: Conductor) -> AsyncGenerator[list[str]]:
    """Submit one small study after the other until the block ends."""
    runs: list[str] = []

    async def submit() -> None:
        while True:
            runs.append(await conductor.submit(f"1-{SMALL}"))
            await asyncio.sleep(0.1)

    submitting = asyncio.create_task(submit())
    try:
        yield runs
    finally:
        submitting.cancel()
        with suppress(asyncio.CancelledError):
            await submitting


async def blows(
    ships: Fleet, conductor: Conductor, sign: signal.Signals, dice: random.Random
) -> tuple[dict[str, int], list[int]]:
    """Run studies while every service is hit; return participants by run, and codes."""
    large = await conductor.submit(f"1-{STUDY}")
    async with studies(conductor) as small, asyncio.TaskGroup() as group:
        tasks = [group.create_task(strike(ships, name, sign, dice)) for name in STRUCK]
    codes = [code for task in tasks for code in task.result()]
    return {large: STUDY} | dict.fromkeys(small, SMALL), codes


async def ends(conductor: Conductor, runs: dict[str, int]) -> list[RunReply]:
    """Wait until each of the runs is finished and every queue is empty."""
    shown = [await conductor.finished(run, 120) for run in runs]
    await conductor.emptied()
    return shown


def check_events(state: Path, runs: dict[str, int], shown: list[RunReply]) -> None:
    """Assert that each message of each run was recorded exactly once, and no other."""
    assert {each.run: each.state for each in shown} == dict.fromkeys(runs, "done")
    handled = recorded(state, "message.handled")
    journal = [event for event in handled if event["service"] == "journal"]
    chunks = [event for event in handled if event["service"] == "expander"]
    assert len(journal) == sum(runs.values())
    assert len({event["message"] for event in handled}) == len(handled)
    assert sum(each.handled for each in shown) == len(journal) + len(chunks)
    assert len(recorded(state, "run.finished")) == len(runs)


def handlings(state: Path) -> Counter[str]:
    """Return how often each participant of each run was handled."""
    return Counter((state / "journal.txt").read_text().splitlines())


async def test_services_killed_at_random_moments_lose_and_double_nothing(
    tmp_path: Path, dice: random.Random
) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    async with (
        fleet(tmp_path, tmp_path / "recipes", [*CORE, "journal"]) as ships,
        conducting(ships.url) as conductor,
    ):
        runs, codes = await blows(ships, conductor, signal.SIGKILL, dice)
        shown = await ends(conductor, runs)
        stopped = await ships.stop()

    assert codes == [-signal.SIGKILL] * BLOWS * len(STRUCK)
    check_events(tmp_path, runs, shown)
    assert len(handlings(tmp_path)) == sum(runs.values())
    assert set(stopped) == {0}


async def test_services_told_to_stop_finish_what_they_hold_and_repeat_nothing(
    tmp_path: Path, dice: random.Random
) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    async with (
        fleet(tmp_path, tmp_path / "recipes", [*CORE, "journal"]) as ships,
        conducting(ships.url) as conductor,
    ):
        runs, codes = await blows(ships, conductor, signal.SIGTERM, dice)
        shown = await ends(conductor, runs)
        await ships.stop()

    assert codes == [0] * BLOWS * len(STRUCK)
    check_events(tmp_path, runs, shown)
    assert set(handlings(tmp_path).values()) == {1}
    assert {event["attempt"] for event in recorded(tmp_path, "message.handled")} == {1}
