"""Every case of Zocalo's recipes, with our outcome."""

from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest

from recado.errors import Problem, RecipeError
from recado.recipe import Recipe, apply_parameters, check, merge
from tests.unit.recipe.zocalo_cases import (
    FILLINGS,
    MERGED,
    VALIDATIONS,
    A,
    B,
    Filling,
    Validation,
    layers,
)


def cases(each: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", each, ids=[case.id for case in each])


def is_told(text: str, problems: tuple[Problem, ...]) -> bool:
    """Say whether a problem has the text; where there is no text, whether there are none."""
    return any(text in str(each) for each in problems) if text else not problems


@cases(VALIDATIONS)
def test_validation(case: Validation) -> None:
    findings = check(case.recipe)

    assert is_told(case.error, findings.errors)
    assert is_told(case.warning, findings.warnings)


@cases(VALIDATIONS)
def test_what_is_read_and_what_is_refused(case: Validation) -> None:
    if not case.error:
        assert Recipe.read(case.recipe) == case.recipe
        return
    with pytest.raises(RecipeError) as caught:
        Recipe.read(case.recipe)
    assert case.error in str(caught.value)


def test_40_layers_of_2_steps_have_no_problems() -> None:
    assert check(layers(40)).errors == ()


@cases(FILLINGS)
def test_filling_in(case: Filling) -> None:
    step = {"queue": "q", "parameters": {"text": case.text}}
    recipe = Recipe.read({"1": step, "start": [[1, 0]]})

    if case.error:
        with pytest.raises(RecipeError, match=r"1\.parameters\.text: ") as caught:
            apply_parameters(recipe, case.parameters)
        assert case.error in str(caught.value)
    else:
        filled = apply_parameters(recipe, case.parameters).step(1).parameters["text"]
        assert (filled, type(filled)) == (case.ours, type(case.ours))


def test_merging_numbers_the_second_recipe_on() -> None:
    assert merge(A, B) == MERGED


def test_merging_changes_neither_recipe() -> None:
    one, other = Recipe.read(A), Recipe.read(B)
    before = deepcopy((one.raw, other.raw))

    merge(one, other)

    assert (one.raw, other.raw) == before


@pytest.mark.parametrize("empty", [None, "", {}, Recipe.trusted({})])
def test_merging_with_nothing_is_the_recipe(empty: Any) -> None:
    assert merge(A, empty) == merge(empty, A) == A


def test_merging_takes_text() -> None:
    assert merge(json.dumps(A), json.dumps(B)) == MERGED


def test_two_steps_that_are_the_same_stay_two() -> None:
    assert len(merge(A, A).steps) == 4


@pytest.mark.parametrize("bad", ["{", '{"1": {"queue": "a"}}'])
def test_what_is_merged_is_checked(bad: str) -> None:
    with pytest.raises(RecipeError, match="recipe 2: "):
        merge(A, bad)
