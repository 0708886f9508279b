"""Services in numbers, hung, killed at the worst moments, and without their databases."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Generator
from contextlib import aclosing, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from recado.clients.lookup import Lookup
from recado.ids import new_id
from recado.message import ID, RECIPE, RUN, Message, Outgoing
from recado.schemas.events import RunReply
from recado.schemas.letters import LetterFilter
from recado.transport.base import DEAD_LETTERS
from tests.system.conducting import Conductor, conducting, recorded
from tests.system.fleet import CORE, Fleet, Member, fleet
from tests.system.study import write_recipes

pytestmark = pytest.mark.timeout(180)

LEASE_S = 2


def check_records(state: Path, *runs: RunReply) -> None:
    """Assert that all is recorded once, without holes, and that the views agree."""
    handled = recorded(state, "message.handled")
    assert len({each["message"] for each in handled}) == len(handled)
    assert sum(each.handled for each in runs) == len(handled)
    assert all(each.sent == each.handled + each.dead for each in runs)
    assert len(recorded(state, "run.finished")) == len(runs)
    with closing(sqlite3.connect(state / "events.db")) as database:
        numbers = "SELECT count(*), min(position), max(position) FROM events"
        count, first, last = database.execute(numbers).fetchone()
    assert (first, last) == (1, count)


async def strike_anybody(ships: Fleet, dice: random.Random, blows: int) -> None:
    """Kill a process, whoever it is, and start another in its place; many times."""
    for _ in range(blows):
        await asyncio.sleep(dice.uniform(0.0, 0.3))
        alive = [each for each in ships.members if each.process.returncode is None]
        member = dice.choice(alive)
        await member.end(signal.SIGKILL)
        await (await ships.start(member.name)).until_ready()


async def test_many_instances_of_each_service_count_right_though_they_are_killed(
    tmp_path: Path, dice: random.Random
) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    names = [*CORE, *CORE, "expander", "expander", "journal", "journal"]
    async with (
        fleet(tmp_path, tmp_path / "recipes", names) as ships,
        conducting(ships.url) as conductor,
    ):
        run = await conductor.submit("1-10000")
        await strike_anybody(ships, dice, 15)
        shown = await conductor.finished(run, 120)
        await conductor.emptied()
        codes = await ships.stop()

    expanded = recorded(tmp_path, "study.expanded")
    assert sum(each["participants"] for each in expanded) == 10_000
    journal = (tmp_path / "journal.txt").read_text().splitlines()
    assert len(set(journal)) == 10_000
    assert (shown.state, shown.handled) == ("done", 10_000 + len(expanded) + 1)
    check_records(tmp_path, shown)
    assert set(codes) == {0}


async def test_four_expanders_share_the_chunks_of_a_study(tmp_path: Path) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    names = [*CORE, *["expander"] * 3]
    async with (
        fleet(tmp_path, tmp_path / "recipes", names) as ships,
        conducting(ships.url) as conductor,
    ):
        await conductor.transport.declare(["journal"])
        run = await conductor.submit("1-20000")
        while len(ships.logged("study.expanded")) < 40:
            await conductor.log.wait(await conductor.log.head(), 1.0)
        shown = await conductor.log.run(run)
        depth = await conductor.transport.depth("journal")
        await ships.stop()

    shares = Counter(each["instance"] for each in ships.logged("study.expanded"))
    assert (shown.run, depth.total) == (run, 20_000)
    assert len(shares) == 4
    assert min(shares.values()) >= 5, shares


@pytest.mark.parametrize(
    ("moment", "effects", "attempts"),
    [
        ("before its handling", 1, 2),
        ("after its effect", 2, 2),
        ("after its sending", 2, 2),
        ("before its settlement", 2, 2),
        ("after its settlement", 1, 1),
    ],
)
async def test_a_process_that_dies_at_the_worst_moment_is_recorded_exactly_once(
    tmp_path: Path, moment: str, effects: int, attempts: int
) -> None:
    write_recipes(tmp_path / "recipes", "dying", {"dies": moment})
    path = tmp_path / "recipes" / "study.json"
    recipe: dict[str, Any] = json.loads(path.read_text())
    recipe["2"]["output"] = 3
    path.write_text(json.dumps(recipe | {"3": {"queue": "journal"}}))
    async with (
        fleet(tmp_path, tmp_path / "recipes", [*CORE, "journal", "dying"]) as ships,
        conducting(ships.url) as conductor,
    ):
        [dying] = [each for each in ships.members if each.name == "dying"]
        run = await conductor.submit("1-20")
        code = await dying.process.wait()
        await (await ships.start("dying")).until_ready()
        shown = await conductor.finished(run)
        await conductor.emptied()
        await ships.stop()

    assert code == 139
    assert (shown.state, shown.handled, shown.failed) == ("done", 41, 0)
    check_records(tmp_path, shown)
    journal = Counter((tmp_path / "journal.txt").read_text().split()[1::2])
    assert journal == {str(number): 1 for number in range(1, 21)}
    done = recorded(tmp_path, "message.handled")
    assert max(each["attempt"] for each in done) == attempts
    assert (tmp_path / "effects.txt").read_text().split().count("7") == effects


def written(path: Path) -> int:
    """Return how many lines a file has; none if it is not there."""
    return path.read_text().count("\n") if path.exists() else 0


async def until_written(path: Path, lines: int) -> None:
    """Wait until a file has so many lines."""
    async with asyncio.timeout(60):
        while written(path) < lines:  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.02)


async def heard_since(conductor: Conductor, moment: float, names: list[str]) -> None:
    """Wait until a heartbeat of each service came after a moment."""
    lookup = Lookup(conductor.transport)
    async with asyncio.timeout(30):
        while True:
            found = (await lookup.services()).instances
            heard = [x.service for x in found if time.time() - x.age_s > moment]
            if sorted(heard) == sorted(names):
                return
            await asyncio.sleep(0.2)


async def until_stopped(process: int) -> None:
    """Wait until every thread of a process stands still.

    The signal is sent at once, but a thread in the middle of a system call finishes it
    first, and that may be the one that takes the right to write.
    """
    async with asyncio.timeout(60):
        while not stands_still(process):  # noqa: ASYNC110 - nobody tells of it
            await asyncio.sleep(0.01)


def stands_still(process: int) -> bool:
    """Return whether every thread of a process is stopped."""
    states = Path(f"/proc/{process}/task").glob("*/stat")
    return all(it.read_text().rpartition(")")[2].split()[0] in "Tt" for it in states)


async def hang(member: Member, conductor: Conductor) -> None:
    """Stop a process, at a moment at which it does not write to the broker's file.

    While it does, nobody else can write there: that is SQLite's, and no lease helps.
    """
    probe = Outgoing("nobody", Message(b"", {}), is_topic=True, mandatory=False)
    async with asyncio.timeout(60):
        while True:
            member.process.send_signal(signal.SIGSTOP)
            await until_stopped(member.process.pid)
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    await conductor.transport.publish([probe])
                return
            member.process.send_signal(signal.SIGCONT)


async def test_what_a_hung_process_held_is_done_by_others_and_it_goes_on_afterwards(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    slow = {
        "RECADO_BROKER": f"sqlite:///{tmp_path}/broker.db?lease={LEASE_S}",
        "JOURNAL_S": "0.02",
    }
    async with (
        fleet(tmp_path, tmp_path / "recipes", [*CORE, "journal"], **slow) as ships,
        conducting(ships.url) as conductor,
    ):
        [hung] = [each for each in ships.members if each.name == "journal"]
        first = await conductor.submit("1-300")
        await until_written(tmp_path / "journal.txt", 40)
        await hang(hung, conductor)
        other = await ships.start("journal")
        without = await conductor.finished(first)
        hung.process.send_signal(signal.SIGCONT)
        await ships.until_logged("transport.lease_lost", 1)
        await other.end(signal.SIGKILL)
        with_it = await conductor.finished(await conductor.submit("1-50"))
        await conductor.emptied()
        codes = await ships.stop()

    assert (without.state, without.handled) == ("done", 301)
    assert (with_it.state, with_it.handled) == ("done", 51)
    check_records(tmp_path, without, with_it)
    assert codes == [0] * 6


async def test_services_that_hung_longer_than_their_lease_take_part_again(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    broker = f"sqlite:///{tmp_path}/broker.db?lease={LEASE_S}"
    names = [*CORE, "journal"]
    async with (
        fleet(tmp_path, tmp_path / "recipes", names, RECADO_BROKER=broker) as ships,
        conducting(ships.url) as conductor,
    ):
        core = [each for each in ships.members if each.name != "journal"]
        before = await conductor.submit("1-500")
        await until_written(tmp_path / "journal.txt", 10)
        for each in core:
            each.process.send_signal(signal.SIGSTOP)
        # It is this time that has to pass: a process that was stopped while it wrote to
        # the broker's file lets nobody else write there, so that nothing tells of it.
        await asyncio.sleep(3 * LEASE_S)
        for each in core:
            each.process.send_signal(signal.SIGCONT)
        moment = time.time()
        shown = await conductor.finished(before)
        again = await conductor.finished(await conductor.submit("1-20"))
        await conductor.emptied()
        page = await conductor.letters.list(LetterFilter(state=None))
        await heard_since(conductor, moment, names)
        codes = await ships.stop()

    assert (shown.state, again.state, page.total) == ("done", "done", 0)
    check_records(tmp_path, shown, again)
    assert codes == [0] * len(names)


@contextmanager
def locked(path: Path) -> Generator[None]:
    """Keep everybody else from writing to a database."""
    with closing(sqlite3.connect(path, isolation_level=None)) as database:
        database.execute("BEGIN IMMEDIATE")
        yield


async def test_a_locked_event_database_is_waited_for_and_nothing_is_given_up(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    async with (
        fleet(tmp_path, tmp_path / "recipes", [*CORE, "journal"]) as ships,
        conducting(ships.url) as conductor,
    ):
        with locked(tmp_path / "events.db"):
            run = await conductor.submit("1-500")
            await until_written(tmp_path / "journal.txt", 500)
            await ships.until_logged("store.waiting", 2)
            waiting = len(ships.logged("store.waiting"))
        shown = await conductor.finished(run)
        await conductor.emptied()
        page = await conductor.letters.list(LetterFilter(state=None))
        await ships.stop()

    assert (shown.state, shown.failed, page.total) == ("done", 0, 0)
    check_records(tmp_path, shown)
    assert waiting < 6
    [line] = ships.logged("store.back")
    assert line["attempts"] == len(ships.logged("store.waiting"))


async def test_dead_letters_wait_for_their_database_and_are_indexed_afterwards(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "moody", {"hurts": [3, 5]})
    async with (
        fleet(tmp_path, tmp_path / "recipes", [*CORE, "moody"]) as ships,
        conducting(ships.url) as conductor,
    ):
        with locked(tmp_path / "deadletters.db"):
            run = await conductor.submit("1-10")
            await ships.until_logged("letters.waiting", 2)
            held = await conductor.transport.depth(DEAD_LETTERS)
        shown = await conductor.finished(run)
        page = await conductor.letters.list(LetterFilter(run=run))
        await conductor.emptied()
        await ships.stop()

    assert held.total >= 1
    assert (shown.state, shown.handled, shown.dead) == ("incomplete", 9, 2)
    assert page.total == 2
    check_records(tmp_path, shown)


async def test_a_handler_that_blocks_its_loop_longer_than_its_lease_doubles_nothing(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "blocker", {"blocks_s": 3 * LEASE_S})
    broker = f"sqlite:///{tmp_path}/broker.db?lease={LEASE_S}"
    names = [*CORE, "blocker", "blocker"]
    async with (
        fleet(tmp_path, tmp_path / "recipes", names, RECADO_BROKER=broker) as ships,
        conducting(ships.url) as conductor,
    ):
        first = await conductor.finished(await conductor.submit("1-200"))
        second = await conductor.finished(await conductor.submit("1-200"))
        await conductor.emptied()
        codes = await ships.stop()

    assert (first.state, first.handled, first.dead) == ("done", 201, 0)
    assert (second.state, second.handled, second.dead) == ("done", 201, 0)
    check_records(tmp_path, first, second)
    assert codes == [0] * len(names)


async def test_letters_retried_twice_at_once_or_with_nobody_there_go_back_once(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "moody", {"hurts": [2, 3, 4]})
    names = [*CORE, "deadletter", "moody"]
    async with (
        fleet(tmp_path, tmp_path / "recipes", names) as ships,
        conducting(ships.url) as conductor,
    ):
        [moody] = [each for each in ships.members if each.name == "moody"]
        run = await conductor.submit("1-10")
        hurt = await conductor.finished(run)
        await moody.end(signal.SIGKILL)
        (tmp_path / "mended").touch()
        where = LetterFilter(run=run)
        replies = await asyncio.gather(
            *(conductor.letters.retry(where=where) for _ in range(6))
        )
        depth = await conductor.transport.depth("moody")
        await (await ships.start("moody")).until_ready()
        position = await conductor.log.head()
        while (mended := await conductor.log.run(run)).state != "done":
            position = await conductor.log.wait(position, 5.0)
        await conductor.emptied()
        page = await conductor.letters.list(where.model_copy(update={"state": None}))
        await ships.stop()

    assert (hurt.state, hurt.dead) == ("incomplete", 3)
    assert sum(reply.count for reply in replies) == 3
    assert depth.total <= 3
    assert (mended.handled, mended.dead) == (11, 0)
    handled = [each["message"] for each in recorded(tmp_path, "message.handled")]
    assert len(handled) == len(set(handled)) == 11
    assert [letter.state for letter in page.letters] == ["retried"] * 3


async def test_a_letter_of_a_run_that_nobody_heard_of_is_shown_with_its_run(
    tmp_path: Path,
) -> None:
    async with (
        fleet(tmp_path, tmp_path, ["eventstore", "deadletter"]) as ships,
        conducting(ships.url) as conductor,
    ):
        head = {RECIPE: "true", ID: new_id(), RUN: "unheard-of"}
        await conductor.transport.publish([Outgoing(DEAD_LETTERS, Message(b"", head))])
        await conductor.emptied()
        shown = await conductor.log.run("unheard-of")
        [letter] = (await conductor.letters.list(LetterFilter(run=shown.run))).letters
        refused = await conductor.letters.retry(letter.id)
        gone = await conductor.letters.retry(letter.id, to_queue="nowhere")
        await ships.stop()

    assert (shown.state, shown.dead, shown.sent) == ("running", 1, 0)
    assert shown.dead_letters == [letter.id]
    assert "name one to send it to" in refused.refused[0].why
    assert "nobody has declared queue 'nowhere'" in gone.refused[0].why


async def test_a_killed_instance_is_told_as_lost_in_time_and_only_once(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "journal", {})
    names = [*CORE, "registry", "journal"]
    async with (
        fleet(tmp_path, tmp_path / "recipes", names) as ships,
        conducting(ships.url) as conductor,
    ):
        await heard_since(conductor, 0.0, names)
        [journal] = [each for each in ships.members if each.name == "journal"]
        await journal.end(signal.SIGKILL)
        killed_at = time.time()
        found = conductor.log.follow(types=["instance.lost"])
        async with aclosing(found), asyncio.timeout(25):
            lost = await anext(found)
        waited_s = time.time() - killed_at
        # A storm of restarts: who lives on is registered by each registry, and told once.
        for member in [each for each in ships.members if each.name == "registry"]:
            await member.end(signal.SIGKILL)
            await (await ships.start("registry")).until_ready()
        rest = [each for each in names if each != "journal"]
        await heard_since(conductor, time.time(), rest)
        await conductor.emptied()
        await ships.stop()

    assert lost.data["service"] == "journal"
    assert waited_s < 16
    told = recorded(tmp_path, "instance.registered")
    assert len({each["instance"] for each in told}) == len(told) == len(names) + 2
    found_lost = [each["service"] for each in recorded(tmp_path, "instance.lost")]
    assert found_lost.count("journal") == 1
