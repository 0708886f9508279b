"""Error outputs while every service that they need is killed: each failure is told once.

The seed is printed; ``RECADO_SEED`` repeats a test's choice of moments.
"""

from __future__ import annotations

import asyncio
import json
import random
import signal
from pathlib import Path

import pytest

from tests.system.conducting import conducting, recorded
from tests.system.fleet import CORE, Fleet, fleet
from tests.system.study import write_recipes

BLOWS = 3
ATTEMPTS = 2
RETRY = {"attempts": ATTEMPTS, "first_s": 0.05, "cap_s": 0.2}

pytestmark = pytest.mark.timeout(120)


def write_recipe(folder: Path) -> None:
    """Write a study that one service kills itself over, and another one fails at."""
    write_recipes(folder, "killer", {"kills": [5]})
    recipe = json.loads((folder / "study.json").read_text())
    recipe["1"]["output"] = [2, 3]
    recipe["2"] |= {"retry": RETRY, "error": [4]}
    recipe["3"] = {"queue": "moody", "parameters": {"hurts": [3, 8]}, "retry": RETRY}
    recipe["4"] = {"queue": "clerk"}
    recipe["error"] = [4]
    (folder / "study.json").write_text(json.dumps(recipe))


async def strike(ships: Fleet, name: str, dice: random.Random) -> None:
    """Kill a service again and again, each time at a random moment of its life."""
    [member] = [each for each in ships.members if each.name == name]
    for _ in range(BLOWS):
        await member.until_ready()
        await asyncio.sleep(dice.uniform(0.0, 0.3))
        await member.end(signal.SIGKILL)
        member = await ships.start(name)
    await member.until_ready()


async def revive(ships: Fleet, deaths: int) -> None:
    """Start the service again that kills itself, as a supervisor does."""
    [member] = [each for each in ships.members if each.name == "killer"]
    for _ in range(deaths):
        assert await member.process.wait() == 139, member.log[-5:]
        member = await ships.start("killer")


async def test_each_failure_is_told_once_though_everybody_is_killed_meanwhile(
    tmp_path: Path, dice: random.Random
) -> None:
    write_recipe(tmp_path / "recipes")
    names = [*CORE, "killer", "moody", "clerk"]
    async with (
        fleet(tmp_path, tmp_path / "recipes", names) as ships,
        conducting(ships.url) as conductor,
    ):
        run = await conductor.submit("1-20")
        async with asyncio.TaskGroup() as group:
            group.create_task(revive(ships, deaths=ATTEMPTS))
            for name in ("deadletter", "clerk", "moody", "eventstore"):
                group.create_task(strike(ships, name, dice))
        shown = await conductor.finished(run)
        await conductor.emptied()
        await ships.stop()

    handled = [event["message"] for event in recorded(tmp_path, "message.handled")]
    # The expander's one, 19 and 18 participants, and the three failures that were told.
    assert (shown.state, shown.handled, shown.dead) == ("incomplete", 41, 3)
    assert len(handled) == len(set(handled)) == 41
    assert len(recorded(tmp_path, "failure.told")) == 3
    told = (tmp_path / "failures.txt").read_text().splitlines()
    assert {line.split()[0] for line in told} == {"3", "5", "8"}
    assert f"5 ceiling {ATTEMPTS}" in told
    letters = recorded(tmp_path, "message.dead")
    assert {letter["attempts"] for letter in letters} == {ATTEMPTS}
