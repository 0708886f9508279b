"""Brokers and networks that fail under work: nothing is lost, and nothing recorded twice.

The seed is printed; ``RECADO_SEED`` repeats a test's choice of moments. With
``RECADO_FAULTS=long`` (``make faults``) studies are larger, outages longer and blows more.
``RECADO_FAULTS_TABLE`` names a file that a row is added to for each fault.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from recado.schemas.events import RunReply
from tests.system.conducting import Conductor, conducting, recorded
from tests.system.fleet import CORE, Fleet, fleet
from tests.system.site import Site, site
from tests.system.striking import (
    Fault,
    alarmed,
    cut,
    harried,
    hung,
    killed,
    stopped,
)
from tests.system.study import write_recipes

IS_LONG = os.environ.get("RECADO_FAULTS") == "long"
STUDY = 2_000 if IS_LONG else 300
"""Participants of the study that a fault strikes."""
BACK_S = 10.0
"""How long after a fault is over work goes on at the latest."""
BLOWS = 50 if IS_LONG else 4
WORKERS = ("journal", "journal", "expander")

FAULTS: dict[str, Fault] = {
    "stopped and started": stopped,
    "killed and started": killed,
    "hung for 4 s": hung,
    "cut off for 5 s": cut("both", 5.0),
    "deaf for 3 s": cut("in", 3.0),
    "mute for 3 s": cut("out", 3.0),
    "messages put back by others": harried,
}
LONG: dict[str, Fault] = {
    "cut off for 70 s": cut("both", 70.0),
    "deaf for 70 s": cut("in", 70.0),
    "mute for 70 s": cut("out", 70.0),
}
ONLY: dict[str, dict[str, Fault]] = {
    "rabbitmq": {"out of memory for 2 s": alarmed},
    "activemq": {},
}

pytestmark = pytest.mark.timeout(3_000 if IS_LONG else 240)


@pytest.fixture
def dice() -> random.Random:
    seed = int(os.environ.get("RECADO_SEED", random.randrange(10**6)))
    print(f"RECADO_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="module", params=["rabbitmq", "activemq"])
def struck(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Site]:
    with site(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made


@dataclass(slots=True)
class Account:
    """What became of everything that was asked for."""

    site: Site
    ships: Fleet
    conductor: Conductor
    runs: dict[str, int] = field(default_factory=dict[str, int])
    """Participants by run."""
    shown: list[RunReply] = field(default_factory=list[RunReply])

    async def submit(self, participants: int) -> str:
        """Submit a study, and remember it."""
        run = await self.conductor.submit(f"1-{participants}")
        self.runs[run] = participants
        return run

    async def end(self) -> None:
        """Wait until each run is finished."""
        for run in list(self.runs)[len(self.shown) :]:
            self.shown.append(await self.conductor.finished(run, 120))

    def check(self) -> None:
        """Assert that each message was recorded exactly once, and no other."""
        state, runs = self.ships.state, self.runs
        assert {each.run: each.state for each in self.shown} == dict.fromkeys(
            runs, "done"
        )
        handled = recorded(state, "message.handled")
        journal = [event for event in handled if event["service"] == "journal"]
        assert len(journal) == sum(runs.values())
        assert len({event["message"] for event in handled}) == len(handled)
        assert set(self.lines()) == {
            f"{run} {number}"
            for run, many in runs.items()
            for number in range(1, many + 1)
        }

    def lines(self) -> list[str]:
        """Return the effects: a line for each time that a participant was handled."""
        path = self.ships.state / "journal.txt"
        return path.read_text().splitlines() if path.exists() else []

    async def until_lines(self, count: int, within_s: float = 60.0) -> None:
        """Wait until there are so many effects."""
        async with asyncio.timeout(within_s):
            # A file tells nobody that it grows.
            while len(self.lines()) < count:  # noqa: ASYNC110
                await asyncio.sleep(0.02)


@asynccontextmanager
async def accounting(
    struck: Site, folder: Path, names: tuple[str, ...] = (*CORE, *WORKERS)
) -> AsyncGenerator[Account]:
    """Run the suite on a site for the length of a block."""
    write_recipes(folder / "recipes", "journal", {})
    with struck.part() as url:
        async with (
            fleet(
                folder,
                folder / "recipes",
                names,
                RECADO_BROKER=url,
                JOURNAL_S="0.02",
            ) as ships,
            conducting(url) as conductor,
        ):
            yield Account(struck, ships, conductor)


async def struck_by(fault: Fault, account: Account) -> float:
    """Strike while a study runs; return how long after that work went on, in seconds."""
    before = len(account.lines())
    await account.submit(STUDY)
    await account.until_lines(before + STUDY // 10)
    async with submitting(account):
        await fault(account.site, account.ships.url)
        over = time.monotonic()
        done = len(account.lines())
        await account.until_lines(done + 1, BACK_S)
        return time.monotonic() - over


@asynccontextmanager
async def submitting(account: Account) -> AsyncGenerator[None]:
    """Submit small studies until the block ends; each is confirmed, sooner or later."""
    is_over = asyncio.Event()

    async def submit() -> None:
        while not is_over.is_set():
            await account.submit(5)
            await asyncio.sleep(0.2)

    async with asyncio.TaskGroup() as group:
        group.create_task(submit())
        yield
        is_over.set()


def note(site: Site, fault: str, account: Account, back_s: float | None = None) -> None:
    """Add a row to the table of faults."""
    handled = recorded(account.ships.state, "message.handled")
    journal = [event for event in handled if event["service"] == "journal"]
    row = {
        "broker": site.server.name,
        "fault": fault,
        "confirmed": sum(account.runs.values()),
        "delivered": len(account.lines()),
        "recorded": len(journal),
        "twice": len(journal) - len({event["message"] for event in journal}),
        "dead": len(recorded(account.ships.state, "message.dead")),
        "back after s": None if back_s is None else round(back_s, 1),
    }
    print(row)
    table = os.environ.get("RECADO_FAULTS_TABLE")
    if table:
        with Path(table).open("a") as file:
            file.write(json.dumps(row) + "\n")


async def test_a_broker_that_fails_under_work_loses_and_doubles_nothing(
    struck: Site, tmp_path: Path
) -> None:
    name = "rabbitmq" if struck.server.name == "RabbitMQ" else "activemq"
    faults = {**FAULTS, **ONLY[name], **(LONG if IS_LONG else {})}
    async with accounting(struck, tmp_path) as account:
        for fault, strike in faults.items():
            back_s = await struck_by(strike, account)
            await account.end()
            note(struck, fault, account, back_s)
            account.check()
        await account.conductor.emptied()
        codes = await account.ships.stop()

    assert set(codes) == {0}


async def test_services_that_start_before_their_broker_wait_for_it(
    struck: Site, tmp_path: Path
) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    with struck.part() as url:
        await asyncio.to_thread(struck.server.stop)
        ships = Fleet(tmp_path, tmp_path / "recipes", RECADO_BROKER=url)
        members = [await ships.start(name) for name in (*CORE, "journal")]
        try:
            await until_logged(ships, "transport.waiting", len(members))
            await struck.start()
            async with asyncio.timeout(BACK_S):
                await asyncio.gather(*(member.until_ready() for member in members))
            async with conducting(url) as conductor:
                account = Account(struck, ships, conductor)
                await account.submit(20)
                await account.end()
                note(struck, "away at the start", account)
                account.check()
        finally:
            await ships.stop()


async def until_logged(ships: Fleet, event: str, times: int) -> None:
    """Wait until processes have logged something so many times."""
    async with asyncio.timeout(60):
        # Other processes' lines come when they come.
        while len(ships.logged(event)) < times:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("moment", "effects"),
    [
        ("before its handling", 1),
        ("after its effect", 2),
        ("after its sending", 2),
        ("before its settlement", 2),
        ("after its settlement", 1),
    ],
)
async def test_a_process_that_dies_at_the_worst_moment_is_recorded_exactly_once(
    struck: Site, tmp_path: Path, moment: str, effects: int
) -> None:
    write_recipes(tmp_path / "recipes", "dying", {"dies": moment})
    path = tmp_path / "recipes" / "study.json"
    recipe: dict[str, Any] = json.loads(path.read_text())
    recipe["2"]["output"] = 3
    path.write_text(json.dumps(recipe | {"3": {"queue": "journal"}}))
    names = ("dispatcher", "expander", "eventstore", "journal", "dying")
    with struck.part() as url:
        async with (
            fleet(tmp_path, tmp_path / "recipes", names, RECADO_BROKER=url) as ships,
            conducting(url) as conductor,
        ):
            [dying] = [each for each in ships.members if each.name == "dying"]
            account = Account(struck, ships, conductor)
            await account.submit(20)
            code = await dying.process.wait()
            await (await ships.start("dying")).until_ready()
            await account.end()
            note(struck, f"a service killed {moment}", account)
            await ships.stop()

    assert code == 139
    account.check()
    assert account.shown[0].handled == 41
    assert (tmp_path / "effects.txt").read_text().split().count("7") == effects


async def test_services_told_to_stop_in_turn_finish_what_they_hold(
    struck: Site, tmp_path: Path, dice: random.Random
) -> None:
    async with accounting(struck, tmp_path) as account:
        await account.submit(STUDY)
        await account.until_lines(1)
        codes: list[int] = []
        async with submitting(account):
            for _ in range(BLOWS):
                member = dice.choice(account.ships.running)
                codes.append(await member.end(signal.SIGTERM))
                await (await account.ships.start(member.name)).until_ready()
        await account.end()
        note(struck, f"{BLOWS} services told to stop", account)
        account.check()
        await account.ships.stop()

    assert set(codes) == {0}
    assert len(account.lines()) == len(set(account.lines()))
    assert {it["attempt"] for it in recorded(tmp_path, "message.handled")} == {1}
