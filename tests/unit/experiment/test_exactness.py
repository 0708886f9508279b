"""What experiment-server 0.3.9 makes of seeds, participants, keys, values and calls.

``exactness-0.3.9-cases.json`` was recorded by running that release on the tables that
``tomli`` reads: a case or more for each rule of what it does, named after the rule. Where
it refused a participant, the kind of its error stands.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recado_experiment import Study, StudyError

CASES: list[dict[str, Any]] = json.loads(
    Path(__file__).with_name("exactness-0.3.9-cases.json").read_bytes()
)["valid"]


def case_id(case: dict[str, Any]) -> str:
    return str(case["id"])


def outcome(study: Study, participant: int) -> str:
    try:
        return json.dumps({"blocks": study.expand(participant)})
    except StudyError:
        return "refused"


def recorded(found: dict[str, Any]) -> str:
    return "refused" if "refused" in found else json.dumps(found)


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_blocks_are_the_recorded_ones_as_json_text(case: dict[str, Any]) -> None:
    study = Study.read(case["toml"])

    found = {at: outcome(study, int(at)) for at in case["participants"]}

    assert found == {at: recorded(it) for at, it in case["participants"].items()}


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_names_are_those_of_the_blocks(case: dict[str, Any]) -> None:
    study = Study.read(case["toml"])

    for at, it in case["participants"].items():
        expected = [block["name"] for block in it.get("blocks", [])]
        assert study.names(int(at)) == expected or "refused" in it


def test_the_cases_are_of_far_participants_and_of_some_that_are_refused() -> None:
    participants = {int(at) for case in CASES for at in case["participants"]}
    refused = [it for case in CASES for it in case["participants"].values()]

    assert len(CASES) > 80
    assert max(participants) == 10**12
    assert sum("refused" in it for it in refused) == 1
