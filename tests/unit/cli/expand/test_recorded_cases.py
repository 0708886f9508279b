"""What experiment-server 0.3.9 was recorded to give is what the command writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Command
from tests.unit.experiment.recorded import CASES, Case, case_id


def given(case: Case) -> dict[str, list[Any]]:
    """Return each participant's blocks."""
    return {at: found["blocks"] for at, found in case["participants"].items()}


def configs(blocks: list[Any]) -> list[Any]:
    return [block["config"] for block in blocks]


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
def test_a_recorded_expansion_is_written_letter_by_letter(
    command: Command, folder: Path, case: Case
) -> None:
    (folder / "study.toml").write_text(case["toml"], "utf-8")
    blocks = given(case)
    first = next(iter(blocks))

    one = command("expand", "generate", "study.toml", "-i", first)
    many = ("expand", "generate", "study.toml", "-r", ",".join(blocks))
    lines, whole = command(*many), command(*many, "--blocks")

    assert (one.code, lines.code, whole.code) == (0, 0, 0)
    expected = [json.dumps(configs(each)) for each in blocks.values()]
    assert one.out == f"{expected[0]}\n"
    assert lines.out.splitlines() == expected
    assert whole.out.splitlines() == list(map(json.dumps, blocks.values()))


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
def test_the_files_are_those_of_experiment_server(
    command: Command, folder: Path, case: Case
) -> None:
    (folder / "study.toml").write_text(case["toml"], "utf-8")
    blocks = given(case)

    ranges = ",".join(blocks)
    result = command("expand", "generate", "study.toml", "-r", ranges, "-d", "a/b")

    assert result.code == 0
    made = {file.name: file.read_text() for file in (folder / "a/b").iterdir()}
    assert made == {
        f"study-participant_{at}.json": json.dumps(configs(each), indent=2)
        for at, each in blocks.items()
    }


@pytest.mark.parametrize("case", CASES["invalid"], ids=case_id)
def test_what_was_refused_writes_nothing_and_fails(
    command: Command, folder: Path, case: Case
) -> None:
    (folder / "study.toml").write_text(case["toml"], "utf-8")

    result = command("expand", "generate", "study.toml", "-i", "1")

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("recado: study.toml: 1 problem\n  line ")
