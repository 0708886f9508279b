"""Sessions over a broker: an expander, the event store and a client of them."""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, cast

import pytest

from recado.clients.experiments import Experiments
from recado.config import Settings
from recado.errors import (
    NotFoundError,
    RecadoError,
    RemoteError,
    SchemaError,
)
from recado.events import EVENTS_QUEUE
from recado.ids import new_id
from recado.schemas.experiments import (
    EXPERIMENT_QUEUE,
    HIGHEST_PARTICIPANT,
    MOVE_TO_NEXT,
)
from recado.testing import Harness
from recado_eventstore.service import EventStore
from recado_expander.service import Expander
from recado_registry.service import Registry
from tests.unit.beside import beside
from tests.unit.expander.sessions.conftest import STUDY


class Hasty(Expander):
    """An expander that waits for nobody for long."""

    answer_timeout_s = 0.1


@pytest.fixture
def settings(tmp_path: Path, recipes: Path) -> Settings:
    return Settings(state=tmp_path, recipes=recipes)


@pytest.fixture
async def harness(settings: Settings) -> AsyncGenerator[Harness]:
    async with (
        Harness(Expander(), settings=settings) as harness,
        beside(harness, EventStore(), settings),
    ):
        yield harness


@pytest.fixture
async def lab(harness: Harness) -> Experiments:
    """Return a client of a session ``lab`` that has begun."""
    client = Experiments(harness.transport)
    await client.open("lab", "study.toml")
    return client


def refusal(error: pytest.ExceptionInfo[RemoteError]) -> tuple[str, str]:
    return error.value.code, error.value.text


async def test_a_participant_goes_from_start_to_end(lab: Experiments) -> None:
    names: list[str] = []
    seen = [(await lab.block_id("lab"), await lab.active("lab"))]
    for _ in range(5):
        names.append(await lab.move_to_next("lab"))
        seen.append((await lab.block_id("lab"), await lab.active("lab")))

    assert names == ["a", "b", "c", "END", "END"]
    assert seen == [
        (-1, False),
        (0, True),
        (1, True),
        (2, True),
        (3, False),
        (3, False),
    ]


async def test_configs_are_the_studys(lab: Experiments) -> None:
    wanted = [
        {"x": 1, "participant_index": 1, "name": name, "block_id": number}
        for number, name in enumerate("abc")
    ]
    assert await lab.all_configs("lab") == wanted
    await lab.move_to_block("lab", 1)
    assert await lab.config("lab") == wanted[1]
    assert await lab.blocks_count("lab", 1) == 3
    summary = await lab.summary_data("lab")
    assert (summary.participant_index, summary.configs_length) == (1, 3)
    status = "Participant index: 1    \nBlock: 1 / 3    \n Name: b"
    assert await lab.status_string("lab") == status


async def test_who_is_in_no_block_has_no_config(lab: Experiments) -> None:
    with pytest.raises(RemoteError) as caught:
        await lab.config("lab")
    assert refusal(caught)[0] == "inactive"

    for _ in range(4):
        await lab.move_to_next("lab")
    with pytest.raises(RemoteError) as caught:
        await lab.config("lab", 1)
    assert refusal(caught) == ("inactive", "participant 1 has ended")


async def test_participants_are_added_in_turn_or_by_number(lab: Experiments) -> None:
    assert await lab.add_participant("lab", 7) is True
    assert await lab.add_participant("lab", 7) is False
    assert await lab.new_participant("lab") == 8
    assert await lab.add_participant("lab", 1) is False

    shown = await lab.show("lab")
    assert [it.participant for it in shown.participants] == [1, 7, 8]


async def test_nobody_gets_a_number_that_no_request_can_name(
    harness: Harness,
) -> None:
    client = Experiments(harness.transport)
    await client.open("full", "study.toml", default_participant=HIGHEST_PARTICIPANT)

    with pytest.raises(RemoteError) as caught:
        await client.new_participant("full")

    assert refusal(caught) == (
        "out_of_range",
        "no participant 10000001: numbers end at 10000000; add a free one by number",
    )
    assert (await client.show("full")).count == 1


@pytest.mark.parametrize("name", ["", "a/b", "..", "-x", "caf\xe9", "x\n", 101 * "x"])
async def test_what_cannot_be_a_sessions_name_is_refused(
    harness: Harness, name: str
) -> None:
    with pytest.raises(SchemaError, match="must be 1 to 100 letters, digits"):
        await Experiments(harness.transport).open(name, "study.toml")


@pytest.mark.parametrize("block", [-1, 3, 100])
async def test_a_block_that_is_not_there_is_refused(
    lab: Experiments, block: int
) -> None:
    with pytest.raises(RemoteError) as caught:
        await lab.move_to_block("lab", block)
    assert refusal(caught) == (
        "out_of_range",
        f"no block {block}: participant 1 has blocks 0 to 2",
    )
    with pytest.raises(RemoteError, match=f"no block {block}"):
        await lab.move_all_to_block("lab", block)
    assert await lab.block_id("lab") == -1


async def test_everybody_moves_together(lab: Experiments) -> None:
    await lab.add_participant("lab", 2)
    await lab.move_to_block("lab", 1, 2)

    assert await lab.move_all_to_block("lab", 2) == 2

    shown = await lab.show("lab")
    assert [it.position for it in shown.participants] == [2, 2]


@pytest.mark.parametrize("action", ["block_id", "config", "move_to_next"])
async def test_an_unknown_participant_is_refused(lab: Experiments, action: str) -> None:
    with pytest.raises(RemoteError) as caught:
        await getattr(lab, action)("lab", 5)

    assert refusal(caught)[0] == "unknown_participant"
    assert "no participant 5; add them first" in caught.value.text


async def test_participants_below_1_break_the_schema(lab: Experiments) -> None:
    with pytest.raises(SchemaError, match="participant"):
        await lab.add_participant("lab", 0)


@pytest.mark.parametrize("participant", [True, 1.0, "1"])
async def test_what_is_no_number_is_not_taken_for_one(
    lab: Experiments, participant: Any
) -> None:
    with pytest.raises(SchemaError, match="participant: input should be a valid"):
        await lab.move_to_next("lab", participant)

    assert await lab.block_id("lab") == -1


async def test_who_is_abandoned_is_shown_so_until_they_move(lab: Experiments) -> None:
    assert await lab.abandon_participant("lab", 1) is True
    assert await lab.abandon_participant("lab", 1) is False
    assert (await lab.show("lab")).participants[0].is_abandoned

    await lab.move_to_next("lab")
    assert not (await lab.show("lab")).participants[0].is_abandoned


async def test_assignment_by_completion_fills_the_rows_evenly(
    harness: Harness,
) -> None:
    client = Experiments(harness.transport)
    rotated = STUDY.replace(
        "[configuration]", '[configuration]\ngroups = "latin_square"'
    )
    await client.open(
        "lab", text=rotated, assignment="completion", abandoned_after_s=60
    )
    period = 3
    numbers = [await client.new_participant("lab") for _ in range(5)]
    assert [(number - 1) % period for number in (1, *numbers)] == [0, 1, 2, 0, 1, 2]

    for number in (1, *numbers[1:]):
        await client.move_to_block("lab", 2, number)
    await client.abandon_participant("lab", numbers[0])
    freed = await client.new_participant("lab")
    assert (freed - 1) % period == (numbers[0] - 1) % period
    assert freed not in numbers

    await harness.advance(61)  # nobody has ended, and nobody moved
    latest = await client.new_participant("lab")
    shown = await client.show("lab")
    left = [it.participant for it in shown.participants if not it.is_abandoned]
    assert (left, shown.count) == ([latest], 8)


async def test_a_page_of_participants_asks_for_the_next(lab: Experiments) -> None:
    for number in range(2, 6):
        await lab.add_participant("lab", number)

    first = await lab.show("lab", limit=3)
    second = await lab.show("lab", after=first.next or 0, limit=3)

    assert [it.participant for it in first.participants] == [1, 2, 3]
    assert [it.participant for it in second.participants] == [4, 5]
    assert (first.count, first.next, second.next) == (5, 3, None)


# Opening and configuring


async def test_a_session_is_opened_once(lab: Experiments) -> None:
    again = await lab.open("lab", "study.toml")

    assert (again.is_new, again.study, again.assignment) == (
        False,
        "study.toml",
        "next",
    )
    assert (await lab.show("lab")).version == 3
    (entry,) = (await lab.list()).experiments
    assert entry.experiment == "lab"


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"default_participant": 2}, "with default participant 1"),
        ({"assignment": "completion"}, "assignment 'next'"),
        ({"study": "other.toml"}, "configure it to change that"),
        ({"study": None, "text": STUDY}, "configure it to change that"),
    ],
)
async def test_a_session_that_is_open_otherwise_is_left_as_it_is(
    lab: Experiments, recipes: Path, given: dict[str, Any], text: str
) -> None:
    (recipes / "other.toml").write_text(STUDY + "# other")
    asked: dict[str, Any] = {"study": "study.toml", **given}

    with pytest.raises(RemoteError) as caught:
        await lab.open("lab", **asked)

    assert refusal(caught)[0] == "already_open"
    assert text in caught.value.text
    assert (await lab.show("lab")).version == 3


async def test_another_default_participant_is_there_from_the_start(
    harness: Harness,
) -> None:
    client = Experiments(harness.transport)
    await client.open("lab", text=STUDY, default_participant=5)

    assert (await client.summary_data("lab")).participant_index == 5
    assert await client.new_participant("lab") == 6
    with pytest.raises(RemoteError, match="no participant 1"):
        await client.block_id("lab", 1)


BROKEN = STUDY.replace('"c"]', '"d"]').replace('extends = "a"', 'extends = "z"', 1)


async def test_a_broken_study_begins_nothing(harness: Harness) -> None:
    client = Experiments(harness.transport)
    with pytest.raises(SchemaError) as caught:
        await client.open("lab", text=BROKEN)

    problems = [(each.path, each.text[:7]) for each in caught.value.problems]
    assert ("configuration.order[2]", "line 3:") in problems
    assert len(problems) == 2
    with pytest.raises(NotFoundError, match="no experiment 'lab'; open it first"):
        await client.show("lab")
    assert (await client.list()).experiments == []


@pytest.mark.parametrize(
    ("study", "error", "text"),
    [
        ("stduy.toml", NotFoundError, "did you mean 'study.toml'"),
        ("reading", NotFoundError, "reading"),
        ("../out.toml", SchemaError, "must be the path of a .toml file"),
        ("link.toml", RemoteError, "leaves the folder"),
    ],
)
async def test_a_study_that_is_not_there_begins_nothing(
    harness: Harness,
    settings: Settings,
    recipes: Path,
    study: str,
    error: type[RecadoError],
    text: str,
) -> None:
    (recipes / "link.toml").symlink_to("/etc/hostname")
    async with beside(harness, Registry(), settings):
        with pytest.raises(error, match=text):
            await Experiments(harness.transport).open("lab", study)


async def test_a_study_by_its_name_in_the_registry_keeps_its_version(
    harness: Harness, settings: Settings, recipes: Path
) -> None:
    (recipes / "reading@1.2.toml").write_text(STUDY)
    client = Experiments(harness.transport)
    async with beside(harness, Registry(), settings):
        opened = await client.open("lab", "reading@1")
        assert opened.study == "reading@1.2"
        (recipes / "reading@1.3.toml").write_text(STUDY.replace("x = 1", "x = 3"))
        assert (await client.show("lab")).study == "reading@1.2"

        changed = await client.configure("lab", "reading@1")
        assert (changed.is_new, changed.study) == (True, "reading@1.3")
    assert (await client.all_configs("lab"))[0]["x"] == 3


async def test_a_registry_that_is_away_is_said_so(
    settings: Settings,
) -> None:
    async with (
        Harness(Hasty(), settings=settings) as harness,
        beside(harness, EventStore(), settings),
    ):
        with pytest.raises(RemoteError) as caught:
            await Experiments(harness.transport).open("lab", "reading")

    assert refusal(caught)[0] == "registry_away"


async def test_another_study_leaves_everybody_where_they_are(
    lab: Experiments,
) -> None:
    await lab.add_participant("lab", 2)
    await lab.move_to_block("lab", 1)
    shorter = STUDY.replace('["a", "b", "c"]', '["a"]')
    changed = await lab.configure("lab", text=shorter)

    assert (changed.is_new, changed.study) == (True, "text")
    shown = await lab.show("lab")
    assert [(it.position, it.length, it.name) for it in shown.participants] == [
        (1, 1, "END"),
        (-1, 1, "START"),
    ]
    assert not (await lab.configure("lab", text=shorter)).is_new
    await lab.configure("lab", "study.toml")
    assert await lab.block_id("lab") == 1


@pytest.mark.parametrize("is_renamed", [True, False])
async def test_a_file_that_is_written_anew_holds_at_once(
    lab: Experiments, recipes: Path, is_renamed: bool
) -> None:
    await lab.move_to_next("lab")
    file = recipes / "study.toml"
    written = file.with_name("written") if is_renamed else file
    written.write_text(STUDY.replace("x = 1", "x = 2"))
    if is_renamed:
        os.replace(written, file)

    assert (await lab.config("lab"))["x"] == 2
    assert await lab.block_id("lab") == 0
    assert (await lab.show("lab")).version == 5


async def test_a_move_goes_by_the_file_as_it_is_then(
    lab: Experiments, recipes: Path
) -> None:
    (recipes / "study.toml").write_text(STUDY.replace('["a", ', '["c", '))

    assert await lab.move_to_next("lab") == "c"


async def test_a_broken_file_leaves_the_former_study(
    lab: Experiments, recipes: Path
) -> None:
    file = recipes / "study.toml"
    file.write_text(BROKEN)
    assert await lab.move_to_next("lab") == "a"

    shown = await lab.show("lab")
    assert shown.refused is not None
    assert len(shown.refused.problems) == 2
    assert shown.refused.problems[0].text.startswith("line ")
    assert shown.version == 4

    file.unlink()
    assert await lab.move_to_next("lab") == "b"
    shown = await lab.show("lab")
    assert shown.refused is not None
    assert "cannot be read" in shown.refused.problems[0].text

    file.write_text(STUDY)
    assert (await lab.show("lab")).refused is None
    assert (await lab.show("lab")).version == 5


# Delivered twice, and without an event store


async def test_a_request_that_is_sent_again_is_done_once(lab: Experiments) -> None:
    id_ = new_id()
    assert [await lab.move_to_next("lab", id_=id_) for _ in range(3)] == ["a"] * 3
    added = new_id()
    assert [await lab.new_participant("lab", id_=added) for _ in range(2)] == [2, 2]
    fresh = new_id()
    opened = [await lab.open("new", text=STUDY, id_=fresh) for _ in range(2)]
    assert [it.is_new for it in opened] == [True, True]

    assert await lab.block_id("lab") == 0


async def test_another_request_under_the_same_id_is_another_one(
    lab: Experiments,
) -> None:
    id_ = new_id()
    assert await lab.move_to_block("lab", 1, id_=id_) == 1

    assert await lab.move_to_block("lab", 2, id_=id_) == 2
    assert await lab.new_participant("lab", id_=id_) == 2
    assert await lab.move_to_next("lab", id_=id_) == "END"

    places = [it.position for it in (await lab.show("lab")).participants]
    assert places == [3, -1]


async def test_a_request_that_wants_no_reply_is_done(
    harness: Harness, lab: Experiments
) -> None:
    await harness.publish(EXPERIMENT_QUEUE, {"experiment": "lab"}, type_=MOVE_TO_NEXT)
    await harness.settle()

    assert await lab.block_id("lab") == 0
    assert harness.dead == []


@pytest.mark.parametrize("declared", [True, False])
async def test_without_an_event_store_whoever_asks_is_told(
    settings: Settings, declared: bool
) -> None:
    queues = ["eventstore"] if declared else []
    async with Harness(Hasty(), settings=settings, queues=queues) as harness:
        client = Experiments(harness.transport)
        with pytest.raises(RemoteError) as caught:
            await client.block_id("lab")
        assert refusal(caught)[0] == "unavailable"
        with pytest.raises(RemoteError, match="the event store does not answer"):
            await client.list()

        async with beside(harness, EventStore(), settings):
            await client.open("lab", "study.toml")
            assert await client.move_to_next("lab") == "a"


async def test_sessions_tell_no_run_anything(
    harness: Harness, lab: Experiments
) -> None:
    await lab.move_to_next("lab")
    await harness.settle()

    assert harness.messages(EVENTS_QUEUE) == []


async def test_the_state_is_the_same_after_everything_was_stopped(
    settings: Settings,
) -> None:
    shown: list[Any] = []
    for _ in range(2):
        async with AsyncExitStack() as stack:
            enter = stack.enter_async_context
            harness = await enter(Harness(Expander(), settings=settings))
            await enter(beside(harness, EventStore(), settings))
            client = Experiments(harness.transport)
            await client.open("lab", "study.toml")
            await client.add_participant("lab", 4)
            if not shown:
                await client.move_to_next("lab", 4)
            shown.append(await client.show("lab"))
            expander = cast("Expander", harness.service)
            assert expander.status()["sessions"] == 1

    assert shown[0] == shown[1]
    assert [it.position for it in shown[1].participants] == [-1, 0]
