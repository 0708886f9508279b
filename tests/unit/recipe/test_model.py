"""The recipe model: forms that are read, forms that travel, and access to steps."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from typing import Any

import pytest

from recado.errors import RecipeError
from recado.recipe import Recipe, read_recipe

ROUTES: dict[str, Any] = {
    "1": {
        "queue": "one",
        "service": "First",
        "output": {"some": [2], "many": [2, 3], "single": 3, "none": None},
        "parameters": {"size": 5},
        "wrapper": {"task_information": "x"},
        "colour": "blue",
        "error": 3,
    },
    "2": {"queue": "two", "exchange": "foo", "output": 3},
    "3": {"topic": "three", "transport-delay": 300},
    "start": [[1, {"a": [1]}], [1, None]],
    "error": [3],
}


def test_a_step_shows_everything_that_the_recipe_says_about_it() -> None:
    step = Recipe.read(ROUTES).step(1)

    assert (step.id, step.queue, step.topic, step.exchange) == (1, "one", None, None)
    assert (step.service, step.delay_s, step.error) == ("First", None, (3,))
    assert step.outputs == {"some": (2,), "many": (2, 3), "single": (3,), "none": ()}
    assert step.parameters == {"size": 5}
    assert step.wrapper == {"task_information": "x"}
    assert step.extra == {"colour": "blue"}


def test_an_unnamed_output_is_the_channel_none() -> None:
    recipe = Recipe.read(ROUTES)

    assert recipe.steps[2].outputs == {None: (3,)}
    assert recipe.steps[2].exchange == "foo"
    assert recipe.steps[3].outputs == {}
    assert recipe.steps[3].parameters == {}


def test_a_delay_is_in_seconds_whether_a_number_or_a_text_holds_it() -> None:
    as_text = ROUTES | {"3": {"queue": "three", "transport-delay": "1.5"}}

    assert Recipe.read(ROUTES).step(3).delay_s == 300
    assert Recipe.read(as_text).step(3).delay_s == 1.5
    assert Recipe.read(as_text).raw["3"] == {"queue": "three", "transport-delay": 1.5}


def test_the_start_pairs_ids_with_payloads() -> None:
    assert Recipe.read(ROUTES).start == ((1, {"a": [1]}), (1, None))
    assert Recipe.trusted(ROUTES).start == ((1, {"a": [1]}), (1, None))


def test_the_outermost_error_may_be_one_id() -> None:
    recipe = Recipe.read(ROUTES | {"error": 3})

    assert recipe.error == (3,)
    assert recipe.raw["error"] == [3]


def test_ids_are_written_as_numbers_are_in_the_form_that_travels() -> None:
    written: dict[Any, Any] = {
        "01": {"queue": "a", "output": 2},
        2: {"queue": "b", "output": -3},
        "-3": {"queue": "c", "output": 0},
        "0": {"queue": "d", "output": None},
        "start": ((1, ()),),
    }

    recipe = Recipe.read(written)

    assert recipe.to_json() == {
        "1": {"queue": "a", "output": [2]},
        "2": {"queue": "b", "output": [-3]},
        "-3": {"queue": "c", "output": [0]},
        "0": {"queue": "d", "output": []},
        "start": [[1, []]],
    }
    assert list(recipe.steps) == [1, 2, -3, 0]


def test_reading_leaves_the_document_alone_and_keeps_no_part_of_it() -> None:
    document: dict[str, Any] = json.loads(json.dumps(ROUTES))

    recipe = Recipe.read(document)
    assert document == ROUTES
    document["1"]["parameters"]["size"] = 6

    assert recipe.step(1).parameters == {"size": 5}


def test_the_copy_that_to_json_makes_is_the_callers_own() -> None:
    recipe = Recipe.read(ROUTES)
    copy: dict[str, Any] = recipe.to_json()

    copy["1"]["parameters"]["size"] = 6

    assert recipe.step(1).parameters == {"size": 5}


def test_a_recipe_that_was_written_travels_and_is_read_as_the_same() -> None:
    recipe = Recipe.read(ROUTES)

    assert read_recipe(json.dumps(recipe.to_json())) == recipe
    assert read_recipe(json.dumps(recipe.raw).encode()).raw == recipe.raw


def test_recipes_are_equal_however_they_are_written() -> None:
    recipe = Recipe.read(
        {"1": {"queue": "a", "output": 2}, "2": {"queue": "b"}} | START
    )
    same: dict[Any, Any] = {1: {"queue": "a", "output": [2]}, "02": {"queue": "b"}}
    written: dict[str, Any] = {str(key): value for key, value in (same | START).items()}

    assert recipe == Recipe.read(same | START)
    assert recipe == same | START
    assert recipe == json.dumps(written)
    assert Recipe.trusted(written) == recipe


START: dict[Any, Any] = {"start": [[1, []]]}


@pytest.mark.parametrize(
    "other",
    [
        {"1": {"queue": "a"}} | START,
        {"1": {"queue": "a", "output": 2}, "2": {"queue": "b"}},
        {"1": {"queue": float("nan")}},
        "{",
        b"\xff",
        "[]",
        {},
        5,
        None,
    ],
)
def test_a_recipe_differs_from_everything_else(other: object) -> None:
    recipe = Recipe.read(
        {"1": {"queue": "a", "output": 2}, "2": {"queue": "b"}} | START
    )

    assert recipe != other


def test_a_recipe_is_neither_changed_nor_hashed() -> None:
    recipe = Recipe.read(ROUTES)

    with pytest.raises(FrozenInstanceError):
        recipe.raw = {}  # type: ignore[misc] # pyright: ignore[reportAttributeAccessIssue]  # that is what is refused
    with pytest.raises(TypeError, match="unhashable"):
        hash(recipe)
    assert repr(recipe) == "<Recipe of 3 steps>"


def test_steps_are_a_mapping() -> None:
    steps = Recipe.read(ROUTES).steps

    assert 3 in steps
    assert 4 not in steps
    assert len(steps) == 3
    assert steps.get(4) is None
    with pytest.raises(KeyError):
        steps[4]


def test_a_missing_step_is_an_error_that_names_the_others() -> None:
    with pytest.raises(RecipeError, match=r"no step 9 \(steps: 1, 2, 3\)"):
        Recipe.read(ROUTES).step(9)


def test_a_trusted_recipe_is_not_looked_at_before_it_is_asked() -> None:
    class Untouchable(dict[str, Any]):
        def __iter__(self) -> Any:
            raise AssertionError("walked through")

        keys = values = items = __iter__

    raw = Untouchable({"1": {"queue": "a"}})

    recipe = Recipe.trusted(raw)

    assert recipe.raw is raw
    assert recipe.step(1).queue == "a"


def test_a_trusted_recipe_finds_a_step_written_with_a_zero_in_front() -> None:
    assert Recipe.trusted({"01": {"queue": "a"}}).step(1).queue == "a"


def test_an_empty_name_is_no_name() -> None:
    assert Recipe.trusted({"1": {"queue": ""}}).step(1).queue is None


@pytest.mark.parametrize(
    ("fields", "attribute", "path"),
    [
        ({"queue": 5}, "queue", "queue"),
        ({"topic": ["a"]}, "topic", "topic"),
        ({"transport-delay": "soon"}, "delay_s", "transport-delay"),
        ({"output": {"a": [1, "b"]}}, "outputs", r"output\.a\[1\]"),
        ({"error": "b"}, "error", "error"),
        ({"parameters": []}, "parameters", "parameters"),
    ],
)
def test_what_is_malformed_in_a_trusted_recipe_is_a_recipe_error(
    fields: dict[str, Any], attribute: str, path: str
) -> None:
    step = Recipe.trusted({"1": fields}).step(1)

    with pytest.raises(RecipeError, match=f"recipe step 1: {path}: "):
        getattr(step, attribute)


def test_a_trusted_recipe_without_a_start_has_none_to_offer() -> None:
    with pytest.raises(RecipeError, match="start"):
        _ = Recipe.trusted({"1": {"queue": "a"}}).start
