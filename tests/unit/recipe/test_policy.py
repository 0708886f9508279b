"""How a step is done, as its recipe says: retries, time limit, priority, reports."""

from __future__ import annotations

from typing import Any

import pytest

from recado.errors import RecipeError
from recado.recipe import Recipe, apply_parameters, check, merge

EVERYTHING: dict[str, Any] = {
    "retry": {"attempts": 3, "first_s": 0.5, "factor": 2, "cap_s": 60, "jitter": 0},
    "timeout_s": 90,
    "priority": 7,
    "reports": False,
}


def document(**fields: Any) -> dict[str, Any]:
    return {"1": {"queue": "q"} | fields, "start": [[1, 0]]}


def test_a_step_says_how_it_is_done() -> None:
    step = Recipe.read(document(**EVERYTHING)).step(1)

    assert step.retry == EVERYTHING["retry"]
    assert (step.timeout_s, step.priority, step.reports) == (90, 7, False)
    assert step.extra == {}


def test_a_step_that_says_nothing_leaves_it_to_its_service() -> None:
    step = Recipe.read(document(retry=None, timeout_s=None, reports=None)).step(1)

    assert (step.retry, step.timeout_s, step.priority, step.reports) == (
        {},
        None,
        None,
        True,
    )


def test_these_keys_travel_and_are_merged_as_they_are() -> None:
    one = Recipe.read(document(**EVERYTHING))

    assert one.raw["1"] == {"queue": "q"} | EVERYTHING
    assert merge(one, one).raw["2"] == {"queue": "q"} | EVERYTHING


@pytest.mark.parametrize(
    ("key", "value", "path", "text"),
    [
        ("retry", 3, "", "is an object of attempts, first_s, factor, cap_s, jitter"),
        ("retry", {"attempt": 3}, ".attempt", "did you mean 'attempts'?"),
        ("retry", {"colour": 3}, ".colour", "unknown key 'colour'; known: attempts"),
        ("retry", {"attempts": 0}, ".attempts", "an integer from 1 to 10000, not 0"),
        ("retry", {"attempts": 1.5}, ".attempts", "not 1.5"),
        ("retry", {"attempts": True}, ".attempts", "not true"),
        ("retry", {"first_s": -1}, ".first_s", "a wait is seconds from 0"),
        ("retry", {"factor": 0.5}, ".factor", "a factor is a number from 1 to 100"),
        ("retry", {"factor": 1e300}, ".factor", "not 1e+300"),
        ("retry", {"cap_s": "soon"}, ".cap_s", "a wait is seconds from 0"),
        ("retry", {"jitter": 2}, ".jitter", "a share from 0 to 1, not 2"),
        ("retry", {"jitter": None}, ".jitter", "not null"),
        ("timeout_s", 0, "", "a time limit is seconds above 0"),
        ("timeout_s", -1, "", "not -1"),
        ("timeout_s", "soon", "", "not 'soon'"),
        ("timeout_s", True, "", "not true"),
        ("timeout_s", 1e9, "", "not 1000000000.0"),
        ("priority", 10, "", "an integer from 0 to 9, not 10"),
        ("priority", 4.5, "", "not 4.5"),
        ("priority", [4], "", "not a list"),
        ("reports", "false", "", "is true or false, not 'false'"),
        ("reports", 0, "", "not 0"),
    ],
)
def test_what_is_malformed_is_named_with_its_path(
    key: str, value: Any, path: str, text: str
) -> None:
    findings = check(document(**{key: value}))

    assert [problem.path for problem in findings.errors] == [f"1.{key}{path}"]
    assert text in findings.errors[0].text


def test_every_problem_of_a_retry_is_told_at_once() -> None:
    bad = {"attempts": 0, "jitter": -1, "faktor": 2}

    assert len(check(document(retry=bad, priority=10)).errors) == 4


@pytest.mark.parametrize(
    ("key", "meant"),
    [("timeout", "timeout_s"), ("prioritiy", "priority"), ("report", "reports")],
)
def test_a_key_that_is_misspelt_is_warned_of(key: str, meant: str) -> None:
    (warning,) = check(document(**{key: 1})).warnings

    assert f"did you mean {meant!r}?" in warning.text


def test_they_can_be_parameters() -> None:
    recipe = Recipe.read(
        document(
            retry={"attempts": "{n}", "first_s": "{$REPLACE:wait}"},
            timeout_s="{limit}",
            priority="{$REPLACE:urgency}",
            reports="{$REPLACE:ours}",
        )
    )

    step = apply_parameters(
        recipe, {"n": 3, "wait": 0.5, "limit": "1.5", "urgency": 9, "ours": False}
    ).step(1)

    assert step.raw["retry"] == step.retry == {"attempts": 3, "first_s": 0.5}
    assert (step.timeout_s, step.priority, step.reports) == (1.5, 9, False)


@pytest.mark.parametrize(
    ("key", "value", "path", "text"),
    [
        ("retry", "{nope}", "1.retry", "no parameter 'nope'"),
        ("retry", {"cap_s": "{nope}"}, "1.retry.cap_s", "no parameter 'nope'"),
        ("retry", {"cap_s": "{x}"}, "1.retry", "not '{y}'"),
        ("timeout_s", "{x}", "1.timeout_s", "not '{y}'"),
        ("priority", "{$REPLACE:nope}", "1.priority", "no parameter 'nope'"),
        ("reports", "{t}", "1.reports", "true or false, not 'True'"),
    ],
)
def test_what_is_not_filled_in_well_is_refused(
    key: str, value: Any, path: str, text: str
) -> None:
    recipe = Recipe.read(document(**{key: value}))

    with pytest.raises(RecipeError) as caught:
        apply_parameters(recipe, {"x": "{y}", "t": True})

    assert [(x.path, text in x.text) for x in caught.value.problems] == [(path, True)]


@pytest.mark.parametrize(
    ("key", "value"),
    [("retry", []), ("timeout_s", "x"), ("priority", -1), ("reports", 1)],
)
def test_in_a_trusted_recipe_it_is_a_recipe_error(key: str, value: Any) -> None:
    step = Recipe.trusted(document(**{key: value})).step(1)

    with pytest.raises(RecipeError, match=f"recipe step 1: {key}: "):
        getattr(step, key)
