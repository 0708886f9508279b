"""Studies verified and expanded, as experiment-server's command line does."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Command

STUDY = """
[configuration]
order = [["a", "b"]]
within_groups_strategy = "latin_square"

[[blocks]]
name = "a"
config = { trials = 1 }

[[blocks]]
name = "b"
config = { trials = 2 }
"""


@pytest.fixture
def study(folder: Path) -> str:
    (folder / "study.toml").write_text(STUDY)
    return "study.toml"


def test_the_first_five_participants_are_shown(command: Command, study: str) -> None:
    result = command("expand", "verify", study)

    assert result.code == 0
    assert len(result.out.splitlines()) == 6
    assert "a, b" in result.out


def test_a_bad_study_is_told_with_all_its_problems(
    command: Command, folder: Path
) -> None:
    (folder / "bad.toml").write_text('[configuration]\norder = ["x"]\n')

    result = command("expand", "verify", "bad.toml")

    assert result.code == 1
    assert result.err.startswith("recado: bad.toml: ")
    assert len(result.err.splitlines()) > 1


def test_one_participants_configs_are_a_json_array(
    command: Command, study: str
) -> None:
    configs = json.loads(command("expand", "generate", study, "-i", "1").out)
    blocks = json.loads(command("expand", "generate", study, "-i", "1", "--blocks").out)

    assert [config["trials"] for config in configs] == [1, 2]
    assert [block["name"] for block in blocks] == ["a", "b"]


@pytest.mark.parametrize(
    ("ranges", "participants"), [("3", [1, 2, 3]), ("1", [1]), ("1-2,5", [1, 2, 5])]
)
def test_many_participants_are_a_line_each(
    command: Command, study: str, ranges: str, participants: list[int]
) -> None:
    lines = command("expand", "generate", study, "-r", ranges).out.splitlines()

    assert [json.loads(line)["participant"] for line in lines] == participants


def test_one_participant_may_be_a_line_as_well(command: Command, study: str) -> None:
    result = command("expand", "generate", study, "-i", "2", "--jsonl")

    configs = json.loads(result.out)["configs"]
    assert [config["trials"] for config in configs] == [2, 1]


def test_each_participant_may_have_a_file(
    command: Command, study: str, folder: Path
) -> None:
    result = command("expand", "generate", study, "-r", "2", "-d", "made")

    made = folder / "made"
    assert sorted(file.name for file in made.iterdir()) == [
        "study-participant_1.json",
        "study-participant_2.json",
    ]
    assert json.loads((made / "study-participant_1.json").read_text())[0]["trials"] == 1
    assert result.err == "recado: 2 files written to made\n"


def test_participants_that_are_none_are_refused(command: Command, study: str) -> None:
    result = command("expand", "generate", study, "-r", "5-2")

    assert result.code == 1
    assert "runs backwards" in result.err


def test_a_study_may_come_from_standard_in(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(STUDY.encode()))
    monkeypatch.setattr(sys, "stdin", stream)

    assert command("expand", "verify", "-").code == 0


def test_a_verdict_is_json_where_that_is_wanted(command: Command, study: str) -> None:
    said = json.loads(command("expand", "verify", study, "-r", "1-2", "--json").out)

    assert said[1] == {"participant": 2, "blocks": ["b", "a"], "problems": []}


def test_more_participants_than_a_table_holds_are_refused(command: Command) -> None:
    result = command("expand", "verify", "x.toml", "-r", "1-99999999999999")

    assert result.code == 2
    assert "99999999999999 participants; 100000 at once at most" in result.err
