"""Dispatchers as processes: keys, limits and times hold, though they are killed."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import time
from collections import Counter
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from recado.clients.dispatch import request_message, submit
from recado.message import Message
from tests.system.conducting import Conductor, conducting, recorded
from tests.system.fleet import Fleet, fleet

pytestmark = pytest.mark.timeout(120)

KEYS = 15
HELLO = '{"start": [[1, {"name": "you"}]], "1": {"queue": "hello"}}'
SITE = """
def look_up(message, parameters):
    parameters["beamline"] = f"i{int(parameters['dcid']):02d}"
    return message, parameters

asked = []

def is_ready(message, parameters):
    asked.append(parameters)
    return len(asked) > 1
"""
POINTS = """
[zocalo.services.dispatcher.filters]
look_up = site_of_a_test:look_up

[zocalo.services.dispatcher.ready_for_processing]
is_ready = site_of_a_test:is_ready
"""


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "hello.json").write_text(HELLO)
    return folder


async def finishes(conductor: Conductor, count: int) -> None:
    """Wait until so many runs have finished; the event store tells."""
    seen = 0
    async with asyncio.timeout(90):
        async for _ in conductor.log.follow(types=["run.finished"]):
            seen += 1
            if seen == count:
                return


async def strike_dispatchers(ships: Fleet, dice: random.Random, blows: int) -> None:
    """Kill a dispatcher, and start another; many times."""
    for _ in range(blows):
        await asyncio.sleep(dice.uniform(0.0, 0.3))
        alive = [each for each in ships.running if each.name == "dispatcher"]
        await dice.choice(alive).end(signal.SIGKILL)
        await (await ships.start("dispatcher")).until_ready()


def keyed(key: int) -> Message:
    return request_message(["hello"], idempotency_key=f"key {key}", user="maria")


async def test_each_key_starts_one_run_though_dispatchers_are_killed(
    tmp_path: Path, recipes: Path, dice: random.Random
) -> None:
    names = ["eventstore", "hello", "dispatcher", "dispatcher"]
    state = tmp_path / "state"
    async with (
        fleet(state, recipes, names) as ships,
        conducting(ships.url) as conductor,
    ):
        striking = asyncio.create_task(strike_dispatchers(ships, dice, 4))
        for key in [*range(KEYS)] * 3:
            await submit(conductor.transport, keyed(key))
        await striking
        await finishes(conductor, KEYS)
        await conductor.emptied()

        runs = (await conductor.log.runs(limit=1000)).runs
        await ships.stop()

    assert [row.state for row in runs] == ["done"] * KEYS
    assert [row.sent for row in runs] == [1] * KEYS
    assert len(recorded(state, "run.started")) == KEYS
    assert len(recorded(state, "key.claimed")) == KEYS
    handled = Counter(each["message"] for each in recorded(state, "message.handled"))
    assert len(handled) == KEYS


async def test_a_submitters_limit_holds_for_several_dispatchers(
    tmp_path: Path, recipes: Path
) -> None:
    (recipes / "slow.json").write_text(
        '{"start": [[1, {"name": "x"}]], "1": {"queue": "hello", "transport-delay": 1}}'
    )
    names = ["eventstore", "hello", "dispatcher", "dispatcher"]
    state = tmp_path / "state"
    async with (
        fleet(state, recipes, names, RECADO_RUNS_PER_USER="3") as ships,
        conducting(ships.url) as conductor,
    ):
        for _ in range(6):
            await submit(conductor.transport, request_message(["slow"], user="maria"))
        await submit(conductor.transport, request_message(["hello"], user="juan"))
        await finishes(conductor, 7)
        await ships.stop()

    at_work: Counter[str] = Counter()
    most: Counter[str] = Counter()
    for type_, user in _course(state):
        at_work[user] += 1 if type_ == "run.admitted" else -1
        most[user] = max(most[user], at_work[user])
    assert most == {"maria": 3, "juan": 1}
    assert len(recorded(state, "run.waiting")) == 3


def _course(state: Path) -> list[tuple[str, str]]:
    """Return admissions and ends as they happened, each with the submitter."""
    with closing(sqlite3.connect(state / "events.db")) as database:
        return database.execute(
            "SELECT type, runs.user FROM events "
            "JOIN streams ON streams.id = events.stream "
            "JOIN runs ON streams.name = 'run-' || runs.run "
            "WHERE type IN ('run.admitted', 'run.finished') ORDER BY position"
        ).fetchall()


async def test_a_run_starts_at_its_time_though_everything_was_killed_before(
    tmp_path: Path, recipes: Path
) -> None:
    state, names = tmp_path / "state", ["eventstore", "hello", "dispatcher"]
    async with fleet(state, recipes, names) as ships:
        async with conducting(ships.url) as conductor:
            start_at = time.time() + 5
            asked = request_message(["hello"], start_at=start_at)
            await submit(conductor.transport, asked)
            async for _ in conductor.log.follow(types=["run.waiting"]):
                break
            (waiting,) = (await conductor.log.runs()).runs
        for member in list(ships.running):
            await member.end(signal.SIGKILL)
        await ships.start_all(names)
        async with conducting(ships.url) as conductor:
            await finishes(conductor, 1)
            (done,) = (await conductor.log.runs()).runs
        await ships.stop()

    assert (waiting.state, waiting.why, waiting.until) == (
        "waiting",
        "scheduled",
        start_at,
    )
    assert done.state == "done"
    assert done.started_at is not None
    assert done.started_at >= start_at


async def test_a_sites_plug_ins_for_zocalo_do_their_work(
    tmp_path: Path, recipes: Path
) -> None:
    site = tmp_path / "site"
    info = site / "site_of_a_test-1.dist-info"
    info.mkdir(parents=True)
    (site / "site_of_a_test.py").write_text(SITE)
    (info / "METADATA").write_text("Name: site-of-a-test\nVersion: 1\n")
    (info / "entry_points.txt").write_text(POINTS)
    (recipes / "greet.json").write_text(
        '{"start": [[1, {"name": "{beamline}"}]], "1": {"queue": "hello"}}'
    )
    names = ["eventstore", "hello", "dispatcher"]
    async with (
        fleet(tmp_path / "state", recipes, names, PYTHONPATH=str(site)) as ships,
        conducting(ships.url) as conductor,
    ):
        asked = request_message(["greet"], parameters={"dcid": "3", "guid": "r"})
        await submit(conductor.transport, asked)
        await finishes(conductor, 1)
        book = await conductor.log.logbook("r")
        await ships.stop()

    recipe: Any = book.recipe
    assert [note.name for note in book.filters] == ["look_up"]
    assert book.filters[0].changed == {"parameters.beamline": "i03"}
    assert recipe["start"] == [[1, {"name": "i03"}]]
    (waiting,) = recorded(tmp_path / "state", "run.waiting")
    assert waiting["text"] == "ready check 'is_ready' says no"
    assert book.body["recipes"] == ["greet"]
    assert book.headers["recado-waits"] == "1 not_ready"
