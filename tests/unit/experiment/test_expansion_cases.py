"""Recorded expansions of experiment-server 0.3.9, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recado_experiment import Study, StudyError

CASES: dict[str, list[dict[str, Any]]] = json.loads(
    Path(__file__).with_name("expansion-cases.json").read_bytes()
)


def case_id(case: dict[str, Any]) -> str:
    return str(case["id"])


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
def test_blocks_are_the_recorded_ones_as_json_text(case: dict[str, Any]) -> None:
    study = Study.read(case["toml"])

    texts = {at: json.dumps(study.expand(int(at))) for at in case["participants"]}

    assert texts == {
        at: json.dumps(found["blocks"]) for at, found in case["participants"].items()
    }


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
def test_names_are_the_recorded_ones(case: dict[str, Any]) -> None:
    study = Study.read(case["toml"])

    names = {at: study.names(int(at)) for at in case.get("names", {})}

    assert names == case.get("names", {})


@pytest.mark.parametrize("case", CASES["invalid"], ids=case_id)
def test_what_was_refused_is_refused_with_a_line(case: dict[str, Any]) -> None:
    with pytest.raises(StudyError) as caught:
        Study.read(case["toml"], case["id"])

    assert [problem.path.split(".")[0] for problem in caught.value.problems] != [""]
    assert f"{case['id']}: line " in str(caught.value)
