"""What experiment-server 0.3.9 makes of studies, and what it refuses.

Both files were recorded by running that release on the tables that ``tomli`` reads.
``exactness-0.3.9-cases.json`` has a case or more for each rule of what it does with seeds,
participants, keys, values and calls, named after the rule. Where it refused a participant,
the kind of its error stands.
"""

from __future__ import annotations

import json

import pytest

from recado_experiment import Study, StudyError
from tests.unit.experiment.recorded import CASES, Case, case_id, recorded

RULES = recorded("exactness-0.3.9-cases.json")["valid"]
VALID = [*CASES["valid"], *RULES]


def outcome(study: Study, participant: int) -> str:
    try:
        return json.dumps(study.expand(participant))
    except StudyError:
        return "refused"


def expected(found: Case) -> str:
    return "refused" if "refused" in found else json.dumps(found["blocks"])


@pytest.mark.parametrize("case", VALID, ids=case_id)
def test_blocks_are_the_recorded_ones_as_json_text(case: Case) -> None:
    study = Study.read(case["toml"])

    found = {at: outcome(study, int(at)) for at in case["participants"]}

    assert found == {at: expected(it) for at, it in case["participants"].items()}


@pytest.mark.parametrize("case", VALID, ids=case_id)
def test_names_are_those_of_the_blocks(case: Case) -> None:
    study = Study.read(case["toml"])

    for at, it in case["participants"].items():
        names = [block["name"] for block in it.get("blocks", [])]
        assert study.names(int(at)) == names or "refused" in it


@pytest.mark.parametrize(
    "case", [case for case in CASES["valid"] if "names" in case], ids=case_id
)
def test_names_of_many_participants_are_the_recorded_ones(case: Case) -> None:
    study = Study.read(case["toml"])

    assert {at: study.names(int(at)) for at in case["names"]} == case["names"]


@pytest.mark.parametrize("case", CASES["invalid"], ids=case_id)
def test_what_was_refused_is_refused_with_a_line(case: Case) -> None:
    with pytest.raises(StudyError) as caught:
        Study.read(case["toml"], case["id"])

    assert [problem.path.split(".")[0] for problem in caught.value.problems] != [""]
    assert f"{case['id']}: line " in str(caught.value)


def test_the_rules_are_of_far_participants_and_of_some_that_are_refused() -> None:
    participants = {int(at) for case in RULES for at in case["participants"]}
    found = [it for case in RULES for it in case["participants"].values()]

    assert len(RULES) > 80
    assert max(participants) == 10**12
    assert sum("refused" in it for it in found) == 1
