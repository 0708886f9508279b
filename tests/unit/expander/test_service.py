"""The expander at work on a broker."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from recado.events import Event
from recado.testing import Harness
from recado_expander.expansion import Limits
from recado_experiment import Study, parse_ranges
from tests.unit.experiment.recorded import CASES, Case, case_id

MakeHarness = Callable[..., Harness]

PARAMETERS = {"study": "study.toml", "participants": "1-24"}
BROKEN = """
[configuration]
order = ["near", "fat"]
random_seed = "x"
[[blocks]]
name = "near"
extends = "fra"
config = {}
[[blocks]]
name = "far"
config = {}
"""


def told(harness: Harness, type_: str = "study.expanded") -> list[Event]:
    return [event for event in harness.events if event.type == type_]


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
async def test_the_blocks_of_the_recorded_cases_are_the_same_json_text(
    expander: MakeHarness, case: Case
) -> None:
    wanted = [case["participants"][str(number)]["blocks"] for number in range(1, 6)]
    async with expander() as harness:
        await harness.send({"text": case["toml"], "participants": "1-5"})
        await harness.settle()

    assert [json.dumps(each["blocks"]) for each in harness.sent] == [
        json.dumps(blocks) for blocks in wanted
    ]


@pytest.mark.parametrize("case", CASES["invalid"], ids=case_id)
async def test_the_recorded_refusals_are_one_dead_letter_each(
    expander: MakeHarness, case: Case
) -> None:
    async with expander() as harness:
        await harness.send({"text": case["toml"], "participants": "1-5"})
        await harness.settle()

    assert harness.sent == []
    assert [each.reason for each in harness.dead] == ["schema"]


async def test_a_request_within_a_chunk_tells_of_itself_once(
    expander: MakeHarness, recipes: Path
) -> None:
    async with expander() as harness:
        request = await harness.send([], parameters=PARAMETERS)
        await harness.settle()

    study = {
        "request": request.id,
        "study": "study.toml",
        "sha256": sha256((recipes / "study.toml").read_bytes()).hexdigest(),
    }
    (asked,) = told(harness, "study.requested")
    assert asked.stream == "run-test-run"
    assert asked.data == study | {"participants": 24, "by": "participant"}
    (event,) = told(harness)
    assert len(harness.sent) == 24
    assert event.stream == "run-test-run"
    assert event.data == study | {
        "participants": 24,
        "first": 1,
        "last": 24,
        "blocks": 48,
    }


async def test_chunks_cover_a_large_request_each_participant_once(
    expander: MakeHarness, recipes: Path
) -> None:
    async with expander(Limits(chunk=10, fan=3)) as harness:
        request = await harness.send(
            [], parameters=PARAMETERS | {"participants": "1-95,100"}
        )
        await harness.settle()

    study = Study.read((recipes / "study.toml").read_bytes())
    by_number = {each["participant"]: each["blocks"] for each in harness.sent}
    assert len(harness.sent) == len(by_number) == 96
    assert by_number == {
        number: study.expand(number) for number in parse_ranges("1-95,100")
    }
    assert sorted(event.data["first"] for event in told(harness)) == [*range(1, 92, 10)]
    assert sum(event.data["participants"] for event in told(harness)) == 96
    (asked,) = told(harness, "study.requested")
    assert asked.data["participants"] == 96
    assert {each.data["request"] for each in told(harness)} == {request.id}
    assert harness.dead == []


async def test_a_file_that_changes_meanwhile_is_not_mixed_into_a_request(
    expander: MakeHarness, recipes: Path
) -> None:
    file = recipes / "study.toml"
    digest = sha256(file.read_bytes()).hexdigest()
    file.write_text(file.read_text() + "# changed")
    async with expander() as harness:
        await harness.send({"sha256": digest}, parameters=PARAMETERS)
        await harness.settle()

    (dead,) = harness.dead
    assert dead.reason == "rejected"
    assert f"not {digest}; bring that one back, or ask anew" in dead.text


async def test_a_chunk_is_served_from_what_was_prepared_before(
    expander: MakeHarness, recipes: Path
) -> None:
    digest = sha256((recipes / "study.toml").read_bytes()).hexdigest()
    async with expander() as harness:
        await harness.send({"participants": 1}, parameters=PARAMETERS)
        await harness.settle()
        (recipes / "study.toml").unlink()
        await harness.send({"participants": 2, "sha256": digest}, parameters=PARAMETERS)
        await harness.settle()

    assert [each["participant"] for each in harness.sent] == [1, 2]
    assert harness.service.status() == {"studies": 1, "sessions": 0}


async def test_a_new_request_sees_what_is_in_the_file_now(
    expander: MakeHarness, recipes: Path
) -> None:
    file = recipes / "study.toml"
    async with expander() as harness:
        await harness.send({"participants": 1}, parameters=PARAMETERS)
        await harness.settle()
        file.write_text(file.read_text().replace("distance = 9", "distance = 8"))
        await harness.send({"participants": 1}, parameters=PARAMETERS)
        await harness.settle()

    distances = [
        {block["config"]["distance"] for block in each["blocks"]}
        for each in harness.sent
    ]
    assert distances == [{1, 9}, {1, 8}]


@pytest.mark.parametrize("participants", ["1", "1-24", "1-1000000"])
@pytest.mark.parametrize("by", ["participant", "block", "chunk"])
async def test_a_broken_study_is_one_dead_letter_with_all_its_problems(
    expander: MakeHarness, participants: str, by: str
) -> None:
    async with expander(Limits(chunk=1)) as harness:
        await harness.send({"text": BROKEN, "participants": participants, "by": by})
        await harness.settle()

    (dead,) = harness.dead
    assert dead.letter is not None
    assert (dead.reason, dead.letter.attempts) == ("schema", 1)
    assert {each.path for each in dead.letter.problems} == {
        "configuration.order[1]",
        "configuration.random_seed",
        "blocks[0].extends",
    }
    assert all(each.text.startswith("line ") for each in dead.letter.problems)
    assert "did you mean 'far'?" in dead.text
    assert (harness.sent, told(harness, "study.requested")) == ([], [])


async def test_a_broken_study_in_the_folder_is_one_dead_letter_as_well(
    expander: MakeHarness, recipes: Path
) -> None:
    (recipes / "study.toml").write_text(BROKEN)
    async with expander() as harness:
        await harness.send([], parameters=PARAMETERS | {"participants": "1-1000000"})
        await harness.settle()

    (dead,) = harness.dead
    assert dead.letter is not None
    assert len(dead.letter.problems) == 3
    assert dead.text.startswith("study.toml: ")


async def test_participants_that_are_none_are_told_all_at_once(
    expander: MakeHarness,
) -> None:
    async with expander() as harness:
        await harness.send(
            [], parameters=PARAMETERS | {"participants": "0,x,1-1000000,9-8"}
        )
        await harness.settle()

    (dead,) = harness.dead
    assert dead.reason == "schema"
    for wrong in ("'0'", "'x'", "'9-8'"):
        assert wrong in dead.text


async def test_an_unknown_study_is_given_up_at_once_with_the_nearest(
    expander: MakeHarness,
) -> None:
    async with expander() as harness:
        await harness.send({"study": "stduy.toml"}, parameters=PARAMETERS)
        await harness.settle()

    (dead,) = harness.dead
    assert dead.letter is not None
    assert (dead.reason, dead.letter.attempts) == ("rejected", 1)
    assert "did you mean 'study.toml'?" in dead.text


async def test_a_study_that_leaves_the_folder_is_given_up_at_once(
    expander: MakeHarness, recipes: Path
) -> None:
    (recipes / "out.toml").symlink_to("/etc/hostname")
    async with expander() as harness:
        await harness.send({"study": "out.toml"}, parameters=PARAMETERS)
        await harness.settle()

    assert [each.reason for each in harness.dead] == ["rejected"]


@pytest.mark.parametrize("participants", ["", "0-3", "1-10000001", [], [0], 0])
async def test_participants_who_cannot_be_are_given_up_at_once(
    expander: MakeHarness, participants: object
) -> None:
    async with expander() as harness:
        await harness.send([], parameters=PARAMETERS | {"participants": participants})
        await harness.settle()

    (dead,) = harness.dead
    assert dead.reason == "schema"
    assert dead.text.startswith(
        "message: parameters.participants: must be participants"
    )


async def test_a_folder_that_is_away_for_a_while_costs_an_attempt_only(
    expander: MakeHarness, recipes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> Path:
        raise OSError(5, "Input/output error")

    async with expander() as harness:
        with monkeypatch.context() as patch:
            patch.setattr(Path, "resolve", fail)
            await harness.send([], parameters=PARAMETERS)
            await harness.settle()
        assert harness.sent == []
        await harness.advance(60)

    assert len(harness.sent) == 24
    assert harness.dead == []
