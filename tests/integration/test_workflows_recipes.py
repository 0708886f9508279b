"""What python-workflows makes of the recipes that ours are compared with.

Without the package these tests are skipped, and fail where ``CI`` is set: there it has
to be.
"""

from __future__ import annotations

import os
from copy import deepcopy
from importlib import import_module
from typing import Any

import pytest

from tests.unit.recipe.zocalo_cases import (
    FILLINGS,
    MERGED,
    OK,
    VALIDATIONS,
    A,
    B,
    Filling,
    Validation,
)


@pytest.fixture(scope="module")
def peer() -> Any:
    """Their class of recipes."""
    try:
        return import_module("workflows.recipe.recipe").Recipe
    except ImportError:
        if os.environ.get("CI"):
            raise
        return pytest.skip("workflows is not installed: pip install '.[peers]'")


def cases(each: list[Any]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", each, ids=[case.id for case in each])


def outcome(peer: Any, recipe: Any) -> str:
    try:
        peer(deepcopy(recipe)).validate()
    except Exception as error:
        return type(error).__name__
    return OK


@cases(VALIDATIONS)
def test_validation(peer: Any, case: Validation) -> None:
    assert outcome(peer, case.recipe) == case.theirs


@cases(FILLINGS)
def test_filling_in(peer: Any, case: Filling) -> None:
    recipe = peer({1: {"text": deepcopy(case.text)}, "start": [(1, [])]})

    try:
        recipe.apply_parameters(case.parameters)
        filled = recipe[1]["text"]
    except Exception as error:
        filled = type(error).__name__

    assert (filled, type(filled)) == (case.theirs, type(case.theirs))


def test_merging(peer: Any) -> None:
    assert peer(deepcopy(A)).merge(peer(deepcopy(B))) == MERGED
