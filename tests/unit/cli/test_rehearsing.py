"""What the demo expects, and what it says when something else happened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recado.recipe import RecipeFolder
from recado.schemas.events import RunReply
from recado.schemas.letters import LetterLine
from recado_cli.rehearsing import Expected, Outcome
from recado_cli.samples import recipe_folder

EXPECTED = Expected(24, (7,))


def run_reply(**changes: Any) -> RunReply:
    facts: dict[str, Any] = {
        "run": "r",
        "state": "incomplete",
        "recipes": ["study"],
        "sent": 25,
        "handled": 24,
        "failed": 0,
        "dead": 1,
        "started_at": 1.0,
        "last_at": 2.0,
        "finishes": 1,
        "parameters": {},
        "request": "",
        "steps": [],
        "dead_letters": ["x"],
    }
    return RunReply.model_validate(facts | changes)


def letter(text: str = "participant 7 did not turn up") -> LetterLine:
    return LetterLine(
        id="x",
        message="m",
        state="dead",
        reason="rejected",
        text=text,
        queue="rehearsal",
        service="rehearsal",
        run="r",
        step=2,
        attempts=1,
        retries=0,
        at=2.0,
    )


def test_the_recipe_says_what_is_expected() -> None:
    assert Expected.of(RecipeFolder(recipe_folder())) == EXPECTED


def test_a_recipe_with_other_participants_expects_others(tmp_path: Path) -> None:
    document = json.loads((recipe_folder() / "study.json").read_text())
    document["1"]["parameters"]["participants"] = "1-3,9"
    document["2"]["parameters"]["absent"] = []
    (tmp_path / "study.json").write_text(json.dumps(document))

    assert Expected.of(RecipeFolder(tmp_path)) == Expected(4, ())


def test_exactly_what_is_expected_is_no_problem() -> None:
    assert EXPECTED.problems(run_reply(), [letter()]) == []


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"state": "done"}, "state is 'done', not 'incomplete'"),
        ({"sent": 26}, "sent is 26, not 25"),
        ({"handled": 25}, "handled is 25, not 24"),
        ({"dead": 2}, "dead is 2, not 1"),
        ({"failed": 1}, "failed is 1, not 0"),
    ],
)
def test_each_count_that_differs_is_a_problem(
    changes: dict[str, Any], problem: str
) -> None:
    assert EXPECTED.problems(run_reply(**changes), [letter()]) == [problem]


@pytest.mark.parametrize("letters", [[], [letter("odd")], [letter(), letter("odd")]])
def test_other_dead_letters_are_a_problem(letters: list[LetterLine]) -> None:
    (problem,) = EXPECTED.problems(run_reply(), letters)

    assert problem.startswith("the dead letters are [")


def test_an_outcome_is_told_in_lines() -> None:
    letters: list[dict[str, Any]] = [
        {"id": "x", "text": "away", "reason": "rejected", "step": 2}
    ]
    outcome = Outcome("r", 24, 23, 28, letters, 1.5, 0.25, 10.4, 0, [])

    assert outcome.lines() == [
        "run           r",
        "participants  24 expanded, 23 rehearsed",
        "events        28 recorded in the run's stream",
        "dead letter   x: away (rejected, step 2)",
        "timings       ready after 1.50 s, run 0.25 s, 10.4 ms for each participant",
        "drained       exit code 0",
    ]
