"""What experiment-server 0.3.9 was recorded to give is what the command writes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.unit.cli.conftest import Command

CASES: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).parents[2].joinpath("experiment/expansion-cases.json").read_bytes()
)


def case_id(case: dict[str, Any]) -> str:
    return str(case["id"])


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
def test_a_recorded_expansion_is_written_letter_by_letter(
    command: Command, folder: Path, case: dict[str, Any]
) -> None:
    (folder / "study.toml").write_text(case["toml"], "utf-8")

    for participant, expected in case["participants"].items():
        blocks = expected["blocks"]
        one = ("expand", "generate", "study.toml", "-i", participant)
        written, whole = command(*one), command(*one, "--blocks")
        assert written.code == whole.code == 0
        assert written.out == f"{json.dumps([it['config'] for it in blocks])}\n"
        assert whole.out == f"{json.dumps(blocks)}\n"


@pytest.mark.parametrize("case", CASES["invalid"], ids=case_id)
def test_what_was_refused_writes_nothing_and_fails(
    command: Command, folder: Path, case: dict[str, Any]
) -> None:
    (folder / "study.toml").write_text(case["toml"], "utf-8")

    result = command("expand", "generate", "study.toml", "-i", "1")

    assert (result.code, result.out) == (1, "")
    assert result.err.startswith("recado: study.toml: 1 problem\n  line ")
