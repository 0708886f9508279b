"""What holds for every recipe, and for everything that is none."""

from __future__ import annotations

import json
from contextlib import suppress
from copy import deepcopy
from typing import Any, cast

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from recado.errors import RecipeError
from recado.message import Json
from recado.recipe import (
    Recipe,
    apply_parameters,
    check,
    declared_values,
    merge,
    read_recipe,
)
from recado.recipe.values import plain

KEYS = """1 2 03 -1 start error queue topic output parameters transport-delay ouput
version description retry timeout_s priority reports attempts {x} {$REPLACE:x}"""
keys = st.sampled_from(KEYS.split())
templates = st.lists(
    st.sampled_from(
        ["{", "}", "x", "y", "[", "]", ".", ":", "!r", "$REPLACE:", "9", ">"]
    )
).map("".join)
scalars = (
    st.none() | st.booleans() | st.integers(-1, 4) | st.floats() | templates | st.text()
)
junk = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(keys | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=20,
)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Make a valid recipe: each step sends on to later ones only."""
    count = draw(st.integers(1, 6))
    recipe: dict[str, Any] = {"start": [[1, draw(templates)]]}
    for number in range(1, count + 1):
        later = list(range(number + 1, count + 1))
        some = st.lists(st.sampled_from(later), max_size=2) if later else st.just([])
        ahead = [*draw(some), *later[:1]]
        output = draw(st.sampled_from([ahead, {"a": ahead, "b": None}]))
        recipe[str(number)] = {
            "queue": "q",
            "output": output,
            "note": draw(templates),
            "parameters": {"x": draw(templates)},
        }
        if draw(st.booleans()):
            del recipe[str(number)]["note"]
    return recipe


@given(junk)
def test_whatever_is_read_is_a_recipe_or_a_recipe_error(document: Any) -> None:
    before = deepcopy(document)

    findings = check(document)
    with suppress(RecipeError):
        assert Recipe.read(document) == document
        assert findings.errors == ()

    assert repr(document) == repr(before)


@given(st.text() | st.binary() | junk.map(json.dumps))
def test_whatever_text_is_read_is_a_recipe_or_a_recipe_error(text: str | bytes) -> None:
    with suppress(RecipeError):
        read_recipe(text)


@given(documents())
def test_a_recipe_comes_back_from_its_text_as_it_was(document: dict[str, Any]) -> None:
    recipe = Recipe.read(document)

    again = read_recipe(json.dumps(recipe.to_json()))

    assert again.raw == recipe.raw == Recipe.read(recipe.raw).raw
    assert Recipe.trusted(again.raw) == recipe


@given(documents() | junk, st.dictionaries(st.sampled_from("xy"), junk))
def test_parameters_fill_a_recipe_or_it_is_a_recipe_error(
    document: Any, parameters: dict[str, Any]
) -> None:
    before = deepcopy(parameters)

    with suppress(RecipeError):
        recipe = Recipe.read(document)
        raw = deepcopy(recipe.raw)
        try:
            filled = apply_parameters(recipe, parameters)
            assert check(filled).errors == ()
            assert Recipe.read(filled.raw).raw == filled.raw
        finally:
            assert recipe.raw == raw

    assert repr(parameters) == repr(before)


SCHEMA_KEYS = """type properties required default enum items minimum maxLength
additionalProperties const minItems $ref pattern x y"""
schemas = st.recursive(
    st.sampled_from(["integer", "string", "object", "x", 1, -1, True, None]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(SCHEMA_KEYS.split()), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(deadline=None)
@given(documents(), schemas, st.dictionaries(st.sampled_from("xyz"), junk))
def test_declared_values_are_there_and_fit_or_it_is_a_recipe_error(
    document: dict[str, Any], declaration: Any, parameters: dict[str, Any]
) -> None:
    with suppress(RecipeError):
        recipe = Recipe.read(document | {"parameters": declaration})
        copy, problems = plain(parameters)
        assume(not problems)
        values, _ = declared_values(recipe, cast("dict[str, Json]", copy))
        assert values.keys() >= parameters.keys()
        assert values == declared_values(recipe, values).parameters


@given(documents(), documents())
def test_merging_changes_neither_and_keeps_every_step(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    first, second = Recipe.read(one), Recipe.read(other)
    before = first.to_json(), second.to_json()

    merged = merge(first, second)

    assert (first.raw, second.raw) == before
    assert check(merged).errors == ()
    assert len(merged.steps) == len(first.steps) + len(second.steps)
    assert merge(first) == first


@given(documents(), junk)
def test_merging_with_anything_is_a_recipe_or_a_recipe_error(
    document: dict[str, Any], other: Any
) -> None:
    with suppress(RecipeError):
        merge(document, other)
