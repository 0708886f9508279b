"""Brokers and networks that fail under work: nothing is lost, and nothing recorded twice.

The seed is printed; ``RECADO_SEED`` repeats a test's choice of moments. With
``RECADO_FAULTS=long`` (``make faults``) studies are larger, outages longer and blows more.
``RECADO_FAULTS_TABLE`` names a file that a line of JSON is added to for each fault.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import time
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from tests.system.account import Account
from tests.system.conducting import conducting, recorded
from tests.system.fleet import CORE, Fleet, fleet
from tests.system.site import Site, site
from tests.system.striking import Fault, alarmed, cut, harried, hung, killed, stopped
from tests.system.study import write_recipes

IS_LONG = os.environ.get("RECADO_FAULTS") == "long"
STUDY = 2_000 if IS_LONG else 150
"""Participants of the study that a fault strikes."""
BACK_S = 10.0
"""How long after a fault is over work goes on at the latest."""
BLOWS = 50 if IS_LONG else 3
"""How many services are told to stop, one after the other."""

OF_BROKERS: dict[str, Fault] = {
    "stopped and started": stopped,
    "killed and started": killed,
    "hung for 2 s": hung(2.0),
    "messages put back by others": harried,
}
OF_RABBITMQ: dict[str, Fault] = {"out of memory for 2 s": alarmed}
OF_NETWORKS: dict[str, Fault] = {
    "cut off for 5 s": cut("both", 5.0),
    "deaf for 2 s": cut("in", 2.0),
    "mute for 2 s": cut("out", 2.0),
}
LONG: dict[str, Fault] = {
    "cut off for 70 s": cut("both", 70.0),
    "deaf for 70 s": cut("in", 70.0),
    "mute for 70 s": cut("out", 70.0),
}


def faults(site: Site) -> dict[str, Fault]:
    """Return what can befall a site."""
    found = dict(OF_BROKERS)
    if site.server.name == "RabbitMQ":
        found |= OF_RABBITMQ
    if site.place is not None:
        found |= OF_NETWORKS | (LONG if IS_LONG else {})
    if IS_LONG:
        found |= {"hung for 70 s": hung(70.0)}
    return found


pytestmark = pytest.mark.timeout(3_000 if IS_LONG else 240)


@pytest.fixture(scope="module", params=["rabbitmq", "activemq"])
def struck(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Site]:
    with site(request.param, tmp_path_factory.mktemp(request.param)) as made:
        yield made


async def test_a_broker_that_fails_under_work_loses_and_doubles_nothing(
    struck: Site, tmp_path: Path, dice: random.Random
) -> None:
    recipes = tmp_path / "recipes"
    write_recipes(recipes, "journal", {})
    with struck.part() as url:
        struck.server.kill()
        settings = {"RECADO_BROKER": url, "JOURNAL_S": "0.02"}
        async with fleet(tmp_path, recipes, [], **settings) as ships:
            await started_before_their_broker(ships, struck)
            async with conducting(url) as conductor:
                account = Account(struck, ships, conductor)
                for fault, strike in faults(struck).items():
                    back_s = await struck_by(strike, account)
                    await account.end()
                    account.note(fault, back_s)
                    account.check()
                await told_to_stop(account, dice)
                await conductor.emptied()
            codes = await ships.stop()

    assert set(codes) == {0}


async def started_before_their_broker(ships: Fleet, struck: Site) -> None:
    """Start services, and then what they wait for; each is soon ready."""
    names = (*CORE, "journal", "journal", "expander")
    members = [await ships.start(name) for name in names]
    await ships.until_logged("transport.waiting", len(members))
    await struck.start()
    async with asyncio.timeout(BACK_S):
        await asyncio.gather(*(member.until_ready() for member in members))


async def struck_by(fault: Fault, account: Account) -> float:
    """Strike while a study runs; return how long after that work went on, in seconds."""
    before = len(account.effects())
    await account.submit(STUDY)
    await account.until_effects(before + STUDY // 10)
    async with account.submitting():
        await fault(account.site, account.ships.url)
        over = time.monotonic()
        done = len(account.effects())
        await account.until_effects(done + 1, BACK_S)
        return time.monotonic() - over


async def told_to_stop(account: Account, dice: random.Random) -> None:
    """Tell services to stop while studies run: each finishes what it holds, and only once.

    On RabbitMQ, what is on its way to a service that stops may count as failed.
    """
    attempts = {1, 2} if account.site.server.name == "RabbitMQ" else {1}
    before = len(account.effects())
    known = len(recorded(account.ships.state, "message.handled"))
    await account.submit(STUDY)
    await account.until_effects(before + 1)
    codes: list[int] = []
    async with account.submitting():
        for _ in range(BLOWS):
            member = dice.choice(account.ships.running)
            codes.append(await member.end(signal.SIGTERM))
            await (await account.ships.start(member.name)).until_ready()
    await account.end()
    account.note(f"{BLOWS} services told to stop")
    account.check()

    effects = account.effects()[before:]
    handled = recorded(account.ships.state, "message.handled")[known:]
    assert set(codes) == {0}
    assert len(effects) == len(set(effects))
    assert {each["attempt"] for each in handled} <= attempts


MOMENTS = {
    "before its handling": 1,
    "after its effect": 2,
    "after its sending": 2,
    "before its settlement": 2,
    "after its settlement": 1,
}
"""How often the effect of a message is had whose service dies then, once."""


async def test_a_process_that_dies_at_the_worst_moment_is_recorded_exactly_once(
    struck: Site, tmp_path: Path
) -> None:
    recipes = tmp_path / "recipes"
    names = ("dispatcher", "expander", "eventstore", "journal", "dying")
    with struck.part() as url:
        async with (
            fleet(tmp_path, recipes, names, RECADO_BROKER=url) as ships,
            conducting(url) as conductor,
        ):
            account = Account(struck, ships, conductor)
            for moment, effects in MOMENTS.items():
                write_dying(recipes, moment)
                await account.submit(20)
                code = await ships.members[-1].process.wait()
                await (await ships.start("dying")).until_ready()
                await account.end()
                account.note(f"a service killed {moment}")
                account.check()

                lines = (tmp_path / "effects.txt").read_text().split()
                assert (code, lines.count("7")) == (139, effects), moment
                assert account.shown[-1].handled == 41
                (tmp_path / "effects.txt").unlink()
                (tmp_path / "died").unlink()
            await ships.stop()


def write_dying(recipes: Path, moment: str) -> None:
    """Write the study with a service between that dies at a moment."""
    write_recipes(recipes, "dying", {"dies": moment})
    path = recipes / "study.json"
    recipe: dict[str, Any] = json.loads(path.read_text())
    recipe["2"]["output"] = 3
    path.write_text(json.dumps(recipe | {"3": {"queue": "journal"}}))
