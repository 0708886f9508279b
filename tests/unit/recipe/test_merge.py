"""Several recipes become one, and stay what they were."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recado.errors import RecipeError
from recado.recipe import Recipe, check, merge

A: dict[str, Any] = {
    "1": {"queue": "a", "output": 2},
    "2": {"queue": "b"},
    "start": [[1, "A"]],
    "error": [2],
}
B: dict[str, Any] = {
    "1": {"queue": "a", "output": {"o": 2, "p": [2, 3], "q": {"r": 3}, "s": None}},
    "2": {"queue": "b", "error": 3},
    "3": {"topic": "c", "parameters": {"output": 1}},
    "start": [[1, "B"]],
    "error": 2,
}


def test_the_steps_of_the_second_are_numbered_on() -> None:
    merged = merge(Recipe.read(A), Recipe.read(B))

    assert merged.to_json() == {
        "1": {"queue": "a", "output": [2]},
        "2": {"queue": "b"},
        "3": {"queue": "a", "output": {"o": 4, "p": [4, 5], "q": {"r": 5}, "s": []}},
        "4": {"queue": "b", "error": [5]},
        "5": {"topic": "c", "parameters": {"output": 1}},
        "start": [[1, "A"], [3, "B"]],
        "error": [2, 4],
    }
    assert check(merged).errors == ()


def test_steps_are_numbered_in_the_order_they_are_written_in() -> None:
    other = {
        "9": {"queue": "x", "output": 2},
        "2": {"queue": "y", "output": -1},
        "-1": {"queue": "z"},
        "start": [[9, 0]],
    }
    first = {"0": {"queue": "a"}, "start": [[0, 0]]}

    merged = merge(first, other)

    assert [(i, step.queue) for i, step in merged.steps.items()] == [
        (0, "a"),
        (2, "x"),
        (3, "y"),
        (4, "z"),
    ]
    assert merged.start == ((0, 0), (2, 0))


def test_three_are_merged_as_two_and_one() -> None:
    assert merge(A, B, A) == merge(merge(A, B), A)
    assert list(merge(A, B, A).steps) == [1, 2, 3, 4, 5, 6, 7]


def test_two_recipes_that_are_the_same_stay_two() -> None:
    recipe = Recipe.read(A)

    assert len(merge(recipe, recipe).steps) == 4


@pytest.mark.parametrize("empty", [None, {}, "", b"", Recipe.trusted({})])
def test_an_empty_recipe_is_left_out(empty: Any) -> None:
    assert merge(A, empty) == merge(empty, A) == Recipe.read(A)


def test_text_is_accepted() -> None:
    assert merge(json.dumps(A), json.dumps(B).encode()) == merge(A, B)


def test_a_recipe_that_was_trusted_is_checked() -> None:
    assert merge(A, Recipe.trusted(B)) == merge(A, B)
    with pytest.raises(RecipeError, match=r"recipe 2: 1\.output: there is no step 3"):
        merge(A, Recipe.trusted({"1": {"queue": "a", "output": 3}, "start": [[1, 0]]}))


def test_a_recipe_that_is_not_valid_is_named_by_its_place() -> None:
    with pytest.raises(RecipeError, match="recipe 2: not JSON"):
        merge(A, "{")


@pytest.mark.parametrize("recipes", [[], [None, {}]])
def test_nothing_makes_no_recipe(recipes: list[Any]) -> None:
    with pytest.raises(RecipeError, match="no recipe defined"):
        merge(*recipes)


def declaring(*, required: bool = False, **properties: Any) -> dict[str, Any]:
    names = list(properties) if required else []
    return A | {"parameters": {"properties": properties, "required": names}}


def test_the_parameters_that_both_declare_are_declared() -> None:
    one = declaring(n={"type": "integer"}, colour={"default": "red"}) | {"version": "1"}
    other = declaring(required=True, n={"type": "integer"})

    merged = merge(one, other)

    assert merged.raw["parameters"] == {
        "properties": {"n": {"type": "integer"}, "colour": {"default": "red"}},
        "required": ["n"],
    }
    assert (check(merged).errors, merged.version) == ((), "")


def test_a_parameter_that_two_declare_differently_is_refused() -> None:
    text = r"parameters\.properties\.n: is declared differently by two"

    with pytest.raises(RecipeError, match=text):
        merge(declaring(n={"type": "integer"}), declaring(n={"type": "string"}))


def test_one_recipe_alone_stays_as_it_is() -> None:
    one = Recipe.read(A | {"version": "1", "description": "a"})

    assert merge(one, None) is one
