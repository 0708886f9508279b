"""Studies verified: what a table shows, and when the command fails."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Command
from tests.unit.cli.expand.samples import LATIN, crowded


@pytest.fixture
def study(folder: Path) -> str:
    (folder / "study.toml").write_text(LATIN)
    return "study.toml"


def test_the_first_five_participants_are_a_row_each(
    command: Command, study: str
) -> None:
    result = command("expand", "verify", study)

    assert result.code == 0
    assert [line.split() for line in result.out.splitlines()] == [
        ["PARTICIPANT", "1", "2"],
        ["1", "a", "b"],
        ["2", "b", "a"],
        ["3", "a", "b"],
        ["4", "b", "a"],
        ["5", "a", "b"],
    ]


def test_all_problems_of_a_study_are_told(command: Command, folder: Path) -> None:
    (folder / "bad.toml").write_text('[configuration]\norder = ["x"]\n')

    result = command("expand", "verify", "bad.toml")

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("recado: bad.toml: ")
    assert len(result.err.splitlines()) > 1


def test_a_participant_who_cannot_be_served_is_named_below_the_table(
    command: Command, folder: Path
) -> None:
    (folder / "crowded.toml").write_text(crowded())

    result = command("expand", "verify", "crowded.toml", "-r", "4-5")

    assert result.code == 1
    assert [line.split() for line in result.out.splitlines()[1:]] == [
        ["4", "a"],
        ["5", "-"],
    ]
    said = result.err.splitlines()
    assert said[0] == "recado: crowded.toml: 1 participant cannot be served"
    assert "participant 5: " in said[1]
    assert len(said) == 2


def test_a_verdict_is_json_where_that_is_wanted(command: Command, study: str) -> None:
    said = json.loads(command("expand", "verify", study, "-r", "2", "--json").out)

    assert said[1] == {"participant": 2, "blocks": ["b", "a"], "problems": []}


def test_one_participant_may_be_looked_at(command: Command, study: str) -> None:
    said = json.loads(command("expand", "verify", study, "-i", "60", "--json").out)

    assert [each["participant"] for each in said] == [60]


def test_more_participants_than_a_table_holds_are_refused(command: Command) -> None:
    result = command("expand", "verify", "x.toml", "-r", "1-99999999999999")

    assert result.code == 2
    assert "99999999999999 participants; 100000 at once at most" in result.err


def test_a_study_may_come_from_standard_in(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = io.TextIOWrapper(io.BytesIO(LATIN.encode()))
    monkeypatch.setattr(sys, "stdin", stream)

    assert command("expand", "verify", "-").code == 0


def test_what_is_allowed_and_seldom_meant_is_warned_of(
    command: Command, folder: Path
) -> None:
    (folder / "study.toml").write_text(
        LATIN.replace("within_groups_s", "witin_groups_s")
    )

    result = command("expand", "verify", "study.toml")

    assert result.code == 0
    assert "recado: warning: " in result.err
    assert "did you mean 'within_groups_strategy'?" in result.err
