"""What stands in for the recipe object of workflows, in the hands of Zocalo's filters."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from recado.errors import Problem, RecipeError
from recado.message import Json
from recado.recipe import Recipe, apply_parameters, merge
from recado.recipe.reading import step_id


class ZocaloRecipe(dict[Any, Any]):
    """A recipe as an object of workflows shows it: ids are numbers, starts are tuples.

    A filter may merge into it, change it as a dict, or put its own in its place.
    """

    @property
    def recipe(self) -> ZocaloRecipe:
        """The recipe as a dict: itself."""
        return self

    def merge(self, other: object) -> ZocaloRecipe:
        """Return a recipe of the steps of both; neither is changed."""
        return shown(merge(_document(self) or None, _document(other) or None))

    def apply_parameters(self, parameters: Mapping[str, Any]) -> None:
        """Fill templates in."""
        filled = shown(apply_parameters(Recipe.read(_document(self)), parameters))
        self.clear()
        self.update(filled)

    def validate(self) -> None:
        """Raise a RecipeError if anything is wrong with it."""
        Recipe.read(_document(self))

    def serialize(self) -> str:
        """Return it as JSON text."""
        return json.dumps(self)

    def pretty(self) -> str:
        """Return it as JSON text, laid out for people."""
        return json.dumps(self, indent=2)


def shown(recipe: Recipe | None) -> ZocaloRecipe:
    """Return a recipe in the form that Zocalo's filters know; empty for none."""
    if recipe is None:
        return ZocaloRecipe()
    made = ZocaloRecipe()
    for key, value in recipe.to_json().items():
        number = step_id(key)
        made[key if number is None else number] = value
    made["start"] = [tuple(entry) for entry in made["start"]]
    return made


def read(given: object) -> Recipe | None:
    """Return the recipe that a filter left behind: ours, one of workflows, or a dict.

    Raises:
        RecipeError: if it is none of these, or with every problem of the recipe.
    """
    if isinstance(given, Recipe) and given.is_checked:
        return given
    document = given.raw if isinstance(given, Recipe) else _document(given)
    return Recipe.read(document) if document else None


def _document(given: object) -> Mapping[Any, Json] | str | bytes | None:
    inner = getattr(given, "recipe", given)
    if inner is None or isinstance(inner, Mapping | str | bytes):
        return cast("Mapping[Any, Json] | str | bytes | None", inner)
    text = f"a filter left a {type(given).__name__} behind, which is no recipe"
    raise RecipeError("recipe", [Problem("", text)])
