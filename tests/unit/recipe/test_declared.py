"""Declared parameters: defaults, conversion, and what is refused or looks misspelt."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from recado.errors import Problem, RecipeError
from recado.recipe import (
    Recipe,
    apply_parameters,
    check,
    declared_parameters,
    declared_values,
)

STEPS: dict[str, Any] = {"1": {"queue": "q"}, "start": [[1, {}]]}
SAMPLE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "images": {
            "type": "integer",
            "minimum": 1,
            "description": "how many images there are",
        },
        "threshold": {"type": "number", "default": 0.5},
        "dark": {"type": "boolean", "default": False},
        "colour": {"enum": ["red", "green"], "default": "red"},
        "sizes": {"type": "array", "items": {"type": "integer"}, "maxItems": 3},
        "label": {"type": ["string", "null"]},
    },
    "required": ["images"],
}


def declaring(**properties: Any) -> Recipe:
    return Recipe.read(STEPS | {"parameters": {"properties": properties}})


def sample() -> Recipe:
    return Recipe.read(STEPS | {"parameters": SAMPLE})


def refused(recipe: Recipe, **parameters: Any) -> dict[str, str]:
    with pytest.raises(RecipeError, match=r"^parameters: ") as caught:
        declared_values(recipe, parameters)
    return {problem.path: problem.text for problem in caught.value.problems}


def test_a_default_stands_in_for_what_is_not_given() -> None:
    found, warnings = declared_values(sample(), {"images": 3, "dark": True})

    assert found == {"images": 3, "dark": True, "threshold": 0.5, "colour": "red"}
    assert warnings == ()


def test_the_parameters_that_were_given_stay_as_they_were() -> None:
    given = {"images": "3"}

    declared_values(sample(), given)

    assert given == {"images": "3"}


@pytest.mark.parametrize(
    ("type_", "given", "taken"),
    [
        ("integer", "3", 3),
        ("integer", " -3 ", -3),
        ("integer", "+3", 3),
        ("integer", 3.0, 3),
        ("number", "3", 3),
        ("number", "0.5", 0.5),
        ("number", "-1e-3", -0.001),
        ("number", 3.0, 3.0),
        ("boolean", "true", True),
        ("boolean", "False", False),
        ("string", "3", "3"),
        (["string", "integer"], "3", "3"),
        (["integer", "null"], "3", 3),
        (["integer", "null"], None, None),
        ("array", [1, "2"], [1, "2"]),
        ([], "3", "3"),
    ],
)
def test_a_text_is_taken_for_what_is_declared(
    type_: Any, given: Any, taken: Any
) -> None:
    recipe = declaring(x={"type": type_} if type_ else {})

    found = declared_values(recipe, {"x": given}).parameters["x"]

    assert (found, type(found)) == (taken, type(taken))


@pytest.mark.parametrize(
    ("schema", "given", "text"),
    [
        ({"type": "integer"}, "three", "must be an integer, not 'three'"),
        ({"type": "integer"}, "3.5", "must be an integer, not '3.5'"),
        ({"type": "integer"}, "", "must be an integer, not ''"),
        ({"type": "integer"}, True, "must be an integer, not true"),
        ({"type": "integer"}, 3.5, "must be an integer, not 3.5"),
        ({"type": "integer"}, "٣", "must be an integer, not '٣'"),
        ({"type": "integer"}, "9" * 301, "must be an integer"),
        ({"type": "number"}, "nan", "must be a number, not 'nan'"),
        ({"type": "number"}, "1e999", "must be a number, not '1e999'"),
        ({"type": "boolean"}, "yes", "must be true or false, not 'yes'"),
        ({"type": "boolean"}, 1, "must be true or false, not 1"),
        ({"type": "string"}, 3, "must be a text, not 3"),
        ({"type": "array"}, "a", "must be a list, not 'a'"),
        ({"type": "object"}, [], "must be an object, not a list"),
        ({"type": "null"}, 0, "must be null, not 0"),
        ({"type": ["integer", "null"]}, "a", "must be an integer or null, not 'a'"),
        ({"enum": ["red", 1]}, "blue", "must be one of 'red', 1, not 'blue'"),
        ({"enum": [1]}, True, "must be one of 1, not true"),
        ({"const": "red"}, "blue", "must be 'red', not 'blue'"),
        ({"minimum": 1}, 0, "must be at least 1, not 0"),
        ({"maximum": 1}, 1.5, "must be at most 1, not 1.5"),
        ({"exclusiveMinimum": 1}, 1, "must be more than 1, not 1"),
        ({"exclusiveMaximum": 1}, 1, "must be less than 1, not 1"),
        ({"minLength": 2}, "a", "must have at least 2 characters, not 1"),
        ({"maxLength": 2}, "abc", "must have at most 2 characters, not 3"),
        ({"minItems": 1}, [], "must have at least 1 items, not 0"),
        ({"maxItems": 1}, [1, 2], "must have at most 1 items, not 2"),
    ],
)
def test_what_does_not_fit_is_refused(schema: Any, given: Any, text: str) -> None:
    (found,) = refused(declaring(x=schema), x=given).items()

    assert found[0] == "x"
    assert found[1].startswith(text)


@pytest.mark.parametrize(
    ("schema", "given", "path", "text"),
    [
        ({"items": {"type": "integer"}}, [1, "2"], "x[1]", "must be an integer"),
        ({"required": ["a"]}, {}, "x.a", "is missing"),
        ({"properties": {"a": {"maximum": 1}}}, {"a": 2}, "x.a", "at most 1"),
        (
            {"properties": {"size": {}}, "additionalProperties": False},
            {"siez": 1},
            "x.siez",
            "is not one of the object's keys; did you mean 'size'?",
        ),
        ({"additionalProperties": {"type": "null"}}, {"a": 1}, "x.a", "must be null"),
    ],
)
def test_what_is_inside_a_value_is_checked_too(
    schema: Any, given: Any, path: str, text: str
) -> None:
    assert text in refused(declaring(x=schema), x=given)[path]


def test_every_problem_is_told_at_once() -> None:
    found = refused(sample(), threshold="high", colour="blue", sizes=[1, "b", 3, 4])

    assert found == {
        "images": "is missing, an integer: how many images there are",
        "threshold": "must be a number, not 'high'",
        "colour": "must be one of 'red', 'green', not 'blue'",
        "sizes": "must have at most 3 items, not 4",
        "sizes[1]": "must be an integer, not 'b'",
    }


def test_a_list_full_of_problems_is_looked_at_until_a_hundred_are_found() -> None:
    recipe = declaring(x={"items": {"type": "null"}})

    assert len(refused(recipe, x=[1] * 1000)) == 100


def test_a_parameter_that_is_missing_and_misspelt_is_pointed_at() -> None:
    found = refused(sample(), image=3)

    assert found["images"].endswith("; there is 'image', is it meant?")


def test_a_parameter_that_is_not_declared_is_passed_on_in_silence() -> None:
    given: dict[str, Any] = {"images": 3, "ispyb_dcid": 7, "guid": "x"}

    found, warnings = declared_values(sample(), given)

    assert found | given == found
    assert warnings == ()


def test_a_parameter_that_resembles_a_declared_one_is_warned_of() -> None:
    found, warnings = declared_values(sample(), {"images": 3, "treshold": 1})

    text = "is not declared by the recipe; did you mean 'threshold'?"
    assert warnings == (Problem("treshold", text),)
    assert (found["treshold"], found["threshold"]) == (1, 0.5)


def test_what_resembles_a_declared_one_that_is_given_too_is_no_typing_error() -> None:
    given: dict[str, Any] = {"images": 3, "image": 1}

    assert declared_values(sample(), given).warnings == ()


def test_a_recipe_that_declares_nothing_takes_everything() -> None:
    assert declared_values(Recipe.read(STEPS), {"x": [1]}) == ({"x": [1]}, ())


def test_the_declaration_of_a_recipe_that_was_trusted_is_checked_first() -> None:
    raw: dict[str, Any] = STEPS | {"parameters": {"properties": []}}
    bad = Recipe.trusted(raw)

    with pytest.raises(RecipeError, match=r"parameters\.properties: must be an object"):
        declared_values(bad, {})


def test_what_is_declared_can_be_shown() -> None:
    found = {each.name: each for each in declared_parameters(sample())}

    images, label = found["images"], found["label"]
    assert list(found) == list(SAMPLE["properties"])
    assert (images.kind, images.is_required, images.has_default) == (
        "an integer",
        True,
        False,
    )
    assert images.description == "how many images there are"
    assert (found["threshold"].default, found["dark"].has_default) == (0.5, True)
    assert found["colour"].kind == "one of 'red', 'green'"
    assert (label.kind, label.is_required, label.default) == (
        "a text or null",
        False,
        None,
    )


def test_declared_values_fill_the_recipe_and_the_declaration_does_not_travel() -> None:
    written: dict[str, Any] = {
        "1": {"queue": "q.{colour}", "parameters": {"n": "{$REPLACE:images}"}},
        "start": [[1, {}]],
        "parameters": SAMPLE,
        "version": "1.2",
        "description": "with a {brace",
    }
    recipe = Recipe.read(written)

    filled = apply_parameters(recipe, declared_values(recipe, {"images": "3"})[0])

    assert filled.to_json() == {
        "1": {"queue": "q.red", "parameters": {"n": 3}},
        "start": [[1, {}]],
    }
    assert (recipe.version, recipe.description) == ("1.2", "with a {brace")
    assert (filled.version, filled.description) == ("", "")


WRONG: list[tuple[Any, str, str]] = [
    ([], "", "declared by a JSON schema, not a list"),
    ({"type": "array"}, "type", "must be 'object', not 'array'"),
    ({"n": {"type": "integer"}}, "n", "in 'properties'; move 'n' there"),
    ({"minimum": 1}, "minimum", "belongs to one of 'properties'"),
    ({"required": "n"}, "required", "a list of names, not 'n'"),
    ({"required": [1]}, "required[0]", "must be a text, not 1"),
    ({"required": ["n"]}, "required[0]", "'n' is required, and not declared"),
    ({"additionalProperties": False}, "additionalProperties", "must be true"),
    ({"title": 1}, "title", "must be a text"),
    ({"properties": {"n": 1}}, "properties.n", "a schema is an object, not 1"),
]


@pytest.mark.parametrize(("declaration", "path", "text"), WRONG)
def test_a_declaration_that_is_none_is_refused_when_the_recipe_is_read(
    declaration: Any, path: str, text: str
) -> None:
    findings = check(STEPS | {"parameters": declaration})

    at = f"parameters.{path}" if path else "parameters"
    assert [x for x in findings.errors if x.path == at and text in x.text]


MALFORMED: list[tuple[Any, str, str]] = [
    ({"$ref": "http://x"}, "$ref", "nothing is fetched or referred to"),
    ({"$ref": "#"}, "$ref", "cannot be used in a recipe"),
    ({"pattern": "(a+)+$"}, "pattern", "no regular expression"),
    ({"patternProperties": {}}, "patternProperties", "no regular expression"),
    ({"format": "date"}, "format", "no text is checked by its format"),
    ({"anyOf": []}, "anyOf", "a value has one schema"),
    ({"maximun": 1}, "maximun", "did you mean 'maximum'?"),
    ({"type": "int"}, "type", "no type 'int'; did you mean 'integer'?"),
    ({"type": ["string", 1]}, "type[1]", "named by a text, not 1"),
    ({"type": []}, "type", "must list 1 to 7 types, not 0"),
    ({"type": ["null"] * 8}, "type", "must list 1 to 7 types, not 8"),
    ({"enum": []}, "enum", "must list 1 to 100 values, not 0"),
    ({"enum": [0] * 101}, "enum", "must list 1 to 100 values, not 101"),
    ({"enum": [[1]]}, "enum[0]", "not a list"),
    ({"const": {}}, "const", "not an object"),
    ({"minimum": "1"}, "minimum", "must be a number, not '1'"),
    ({"maxLength": -1}, "maxLength", "must be an integer from 0 on, not -1"),
    ({"items": [{}]}, "items", "a schema is an object, not a list"),
    ({"items": {"type": "x"}}, "items.type", "there is no type 'x'"),
    ({"properties": []}, "properties", "must be an object of schemas"),
    ({"additionalProperties": 1}, "additionalProperties", "a schema is an object"),
    ({"examples": 1}, "examples", "must be a list"),
    ({"deprecated": 1}, "deprecated", "must be true or false"),
    ({"type": "integer", "default": "3"}, "default", "must be an integer, not '3'"),
    ({"items": {"enum": [1]}, "default": [2]}, "default[0]", "must be one of 1"),
]


@pytest.mark.parametrize(("schema", "path", "text"), MALFORMED)
def test_what_is_wrong_with_a_schema_is_named_with_its_path(
    schema: Any, path: str, text: str
) -> None:
    findings = check(STEPS | {"parameters": {"properties": {"x": schema}}})

    at = f"parameters.properties.x.{path}"
    assert [problem.path for problem in findings.errors] == [at]
    assert text in findings.errors[0].text


def test_a_schema_may_explain_itself() -> None:
    words = {"title": "a", "description": "b", "examples": [1], "$comment": "c"}
    declaration = words | {
        "type": "object",
        "additionalProperties": True,
        "properties": {"x": words | {"deprecated": True}},
    }
    before = deepcopy(declaration)

    assert check(STEPS | {"parameters": declaration}).errors == ()
    assert declaration == before


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("{treshold}", "treshold"),
        ("a {images} and {other[k]:>5}", "other"),
        ("{images:>{width}}", "width"),
        ("{$REPLACE:sizs}", "sizs"),
    ],
)
def test_a_template_that_names_what_is_not_declared_is_warned_of(
    text: str, name: str
) -> None:
    step = {"queue": "q", "parameters": {"a": [text, "{guid}"]}}

    (warning,) = check(STEPS | {"1": step, "parameters": SAMPLE}).warnings

    assert warning.path == "1.parameters.a[0]"
    assert warning.text.startswith(f"no parameter {name!r} is declared")


def test_where_nothing_is_declared_a_template_may_name_anything() -> None:
    step = {"queue": "q.{where}"}

    assert check(STEPS | {"1": step}).warnings == ()
    assert check(STEPS | {"1": step, "parameters": {}}).warnings == ()


def test_the_nearest_declared_name_is_offered() -> None:
    step = {"queue": "q.{colur}"}

    (warning,) = check(STEPS | {"1": step, "parameters": SAMPLE}).warnings

    assert "did you mean 'colour'?" in warning.text


def test_hints_are_given_for_the_first_warnings_only() -> None:
    step = {"queue": "q", "parameters": {"a": ["{x}"] * 30}}

    warnings = check(STEPS | {"1": step, "parameters": SAMPLE}).warnings

    assert len(warnings) == 30
    assert ["known" in each.text for each in warnings] == [True] * 20 + [False] * 10
