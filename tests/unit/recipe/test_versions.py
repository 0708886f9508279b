"""Versions of recipes: what is one, and which one is meant."""

from __future__ import annotations

from typing import Any

import pytest

from recado.recipe import Recipe, check
from recado.recipe.versions import fitting, is_version

THERE = ["1.9", "1.10", "2", "2.0.1", "1.9.3", "0.1"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", "2.0.1"),
        ("1", "1.10"),
        ("1.9", "1.9"),
        ("1.10", "1.10"),
        ("2", "2.0.1"),
        ("2.0", "2.0.1"),
        ("0", "0.1"),
        ("3", None),
        ("1.1", None),
        ("1.9.4", None),
    ],
)
def test_the_newest_that_fits_is_meant_or_the_very_one(
    wanted: str, found: str | None
) -> None:
    assert next(iter(fitting(wanted, THERE)), None) == found
    assert fitting(wanted, reversed(THERE)) == fitting(wanted, THERE)


def test_of_none_there_is_no_version() -> None:
    assert fitting("", []) == []


def test_the_others_that_fit_follow_the_newest_first() -> None:
    assert fitting("1", THERE) == ["1.10", "1.9.3", "1.9"]
    assert fitting("1.9", THERE) == ["1.9", "1.9.3"]


@pytest.mark.parametrize("text", ["0", "1", "1.2", "1.2.3.4", "123456789.0"])
def test_these_are_versions(text: str) -> None:
    assert is_version(text)


@pytest.mark.parametrize(
    "text", ["", "v1", "1.", ".1", "01", "1.02", "1.2.3.4.5", "1.2-a", "٣", "1" * 10]
)
def test_these_are_no_versions(text: str) -> None:
    assert not is_version(text)


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("version", 1.2, "such as '1.2', not 1.2"),
        ("version", "latest", "not 'latest'"),
        ("version", None, "not null"),
        ("description", ["a"], "a description is a text, not a list"),
    ],
)
def test_what_a_recipe_says_of_itself_is_checked(
    key: str, value: Any, text: str
) -> None:
    (problem,) = check({"1": {"queue": "q"}, "start": [[1, 0]], key: value}).errors

    assert problem.path == key
    assert text in problem.text


@pytest.mark.parametrize(
    ("key", "meant"),
    [("versoin", "version"), ("parameter", "parameters"), ("strat", "start")],
)
def test_an_outermost_key_that_is_misspelt_is_pointed_at(key: str, meant: str) -> None:
    (problem,) = check({"1": {"queue": "q"}, "start": [[1, 0]], key: {}}).errors

    assert f"did you mean {meant!r}?" in problem.text


def test_a_recipe_that_says_nothing_of_itself_has_no_version() -> None:
    recipe = Recipe.trusted({"1": {"queue": "q"}, "version": 7})

    assert (recipe.version, recipe.description) == ("", "")
