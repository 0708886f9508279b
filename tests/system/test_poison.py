"""Messages that cannot be handled: each ends as one dead letter, and hurts nobody else."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.ids import new_id
from recado.message import ID, RECIPE, RUN, Message, Outgoing
from recado.schemas.letters import LetterDetail, LetterFilter
from tests.system.conducting import Conductor, conducting, recorded
from tests.system.fleet import CORE, Fleet, Member, fleet
from tests.system.study import write_recipes

pytestmark = pytest.mark.timeout(120)


async def letters_of(conductor: Conductor, run: str) -> list[LetterDetail]:
    """Return everything about a run's dead letters."""
    page = await conductor.letters.list(LetterFilter(run=run))
    return [await conductor.letters.show(letter.id) for letter in page.letters]


async def test_a_handler_that_raises_is_tried_five_times_and_mended_by_a_retry(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "moody", {"hurts": [3]})
    async with (
        fleet(tmp_path, tmp_path / "recipes", [*CORE, "moody"]) as ships,
        conducting(ships.url) as conductor,
    ):
        run = await conductor.submit("1-20")
        hurt = await conductor.finished(run)
        [letter] = await letters_of(conductor, run)
        (tmp_path / "mended").touch()
        await conductor.letters.retry(letter.id)
        # It was finished once already; it is finished again when the letter is handled.
        position = await conductor.log.head()
        while (mended := await conductor.log.run(run)).state != "done":
            position = await conductor.log.wait(position, 5.0)
        await conductor.emptied()
        await ships.stop()

    assert (hurt.state, hurt.handled, hurt.dead, hurt.failed) == (
        "incomplete",
        20,
        1,
        4,
    )
    assert (letter.reason, letter.attempts) == ("error", 5)
    assert (letter.service, letter.queue, letter.step) == ("moody", "moody", 2)
    assert letter.run == run
    assert letter.exception == "ValueError"
    assert "participant 3 hurts" in letter.text
    assert letter.traceback is not None
    assert 'raise ValueError(f"participant {participant} hurts")' in letter.traceback
    assert [each.attempt for each in letter.history] == [1, 2, 3, 4, 5]
    assert (mended.state, mended.handled, mended.dead) == ("done", 21, 0)
    handled = [each["message"] for each in recorded(tmp_path, "message.handled")]
    assert len(handled) == len(set(handled)) == 21


async def keep_alive(ships: Fleet, member: Member, deaths: int) -> Member:
    """Start a service again each time it dies, as a supervisor does."""
    for _ in range(deaths):
        code = await member.process.wait()
        assert code == 139, member.log[-5:]
        member = await ships.start("killer")
    await member.until_ready()
    return member


async def test_a_message_that_kills_its_process_is_put_aside_and_its_neighbours_are_not(
    tmp_path: Path,
) -> None:
    write_recipes(tmp_path / "recipes", "killer", {"kills": [5]})
    async with (
        fleet(tmp_path, tmp_path / "recipes", [*CORE, "killer"]) as ships,
        conducting(ships.url) as conductor,
    ):
        [killer] = [each for each in ships.members if each.name == "killer"]
        run = await conductor.submit("1-40")
        await keep_alive(ships, killer, deaths=5)
        shown = await conductor.finished(run)
        [letter] = await letters_of(conductor, run)
        await conductor.emptied()
        await ships.stop()

    assert (shown.state, shown.handled, shown.dead) == ("incomplete", 40, 1)
    assert (letter.reason, letter.attempts) == ("ceiling", 5)
    assert (letter.service, letter.queue, letter.step) == ("killer", "killer", 2)
    assert letter.run == run
    assert "5 of them ended without a verdict" in letter.text
    handled = recorded(tmp_path, "message.handled")
    assert len({each["message"] for each in handled}) == len(handled) == 40


@pytest.mark.parametrize(
    ("body", "path"),
    [
        (b"{ no json", "not JSON"),
        (b"[1, 2]", "must be an object"),
        (b'{"recipe": {"1": {}}, "recipe-pointer": 9}', "recipe-pointer"),
        (
            b'{"recipe": {"1": {"queue": "rehearsal"}}, "recipe-pointer": 1,'
            b' "payload": {"participant": 0, "blocks": [{"name": 7}]}}',
            "payload.participant",
        ),
    ],
)
async def test_an_invalid_body_is_a_dead_letter_at_once_and_says_where(
    tmp_path: Path, body: bytes, path: str
) -> None:
    write_recipes(tmp_path / "recipes", "rehearsal", {})
    run = new_id()
    head = {RECIPE: "true", ID: new_id(), RUN: run, "x-own": "kept"}
    async with (
        fleet(tmp_path, tmp_path / "recipes", ["deadletter", "rehearsal"]) as ships,
        conducting(ships.url) as conductor,
    ):
        await conductor.transport.publish([Outgoing("rehearsal", Message(body, head))])
        while not (letters := await letters_of(conductor, run)):
            continue
        await ships.stop()

    [letter] = letters
    assert (letter.reason, letter.attempts) == ("schema", 1)
    assert path in letter.text
    assert letter.headers["x-own"] == "kept"
