"""Make one recipe of several, so that they start as one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import cast

from recado.errors import Problem, RecipeError
from recado.message import Json
from recado.recipe.declared import declared_parameters
from recado.recipe.model import Recipe
from recado.recipe.reading import ERROR, OUTPUT, PARAMETERS, START, step_id


def merge(*recipes: Recipe | Mapping[str, object] | str | bytes | None) -> Recipe:
    """Return one recipe with the steps of all; none of them is changed.

    The first keeps its ids, the steps of each other one are numbered on from the highest.
    Empty ones and none are left out. Of several recipes, only the parameters that they
    declare are kept of what they say of themselves.

    Raises:
        RecipeError: if one of them is not valid, or all are empty, or two declare the
            same parameter differently.
    """
    checked = [_checked(x, i) for i, x in enumerate(recipes, 1) if not _is_empty(x)]
    if not checked:
        text = "no recipe defined: there is nothing to merge"
        raise RecipeError("recipe", [Problem("", text)])
    if len(checked) == 1:
        return checked[0]
    return _merged(checked)


def _is_empty(recipe: Recipe | Mapping[str, object] | str | bytes | None) -> bool:
    return not (recipe.raw if isinstance(recipe, Recipe) else recipe)


def _checked(
    recipe: Recipe | Mapping[str, object] | str | bytes | None, index: int
) -> Recipe:
    if not isinstance(recipe, Recipe):
        return Recipe.read(recipe, str(index))
    return recipe if recipe.is_checked else Recipe.read(recipe.raw, str(index))


def _merged(recipes: Sequence[Recipe]) -> Recipe:
    steps: dict[str, Json] = {}
    starts: list[Json] = []
    errors: list[Json] = []
    highest = 0
    for recipe in recipes:
        ids = [number for key in recipe.raw if (number := step_id(key)) is not None]
        new = _numbers(ids, highest) if steps else {number: number for number in ids}
        highest = max(1, highest, *new.values())
        for key, value in recipe.raw.items():
            number = step_id(key)
            if number is not None:
                steps[str(new[number])] = _step(cast("dict[str, Json]", value), new)
        starts.extend([new[number], payload] for number, payload in recipe.start)
        errors.extend(new[number] for number in recipe.error)
    ends: dict[str, Json] = {ERROR: errors} if errors else {}
    return Recipe(
        {**_declarations(recipes), START: starts, **ends, **steps}, is_checked=True
    )


def _declarations(recipes: Iterable[Recipe]) -> dict[str, Json]:
    properties: dict[str, Json] = {}
    required: dict[str, Json] = {}
    problems: list[Problem] = []
    for parameter in chain.from_iterable(map(declared_parameters, recipes)):
        schema = cast("dict[str, Json]", parameter.schema)
        if properties.setdefault(parameter.name, schema) != schema:
            text = "is declared differently by two of the recipes"
            problems.append(Problem(f"parameters.properties.{parameter.name}", text))
        if parameter.is_required:
            required[parameter.name] = None
    if problems:
        raise RecipeError("recipe", problems)
    if not properties:
        return {}
    return {PARAMETERS: {"properties": properties, "required": list(required)}}


def _numbers(ids: Iterable[int], highest: int) -> dict[int, int]:
    return {number: highest + place for place, number in enumerate(ids, 1)}


def _step(step: dict[str, Json], new: Mapping[int, int]) -> dict[str, Json]:
    return {
        key: _links(value, new) if key in {OUTPUT, ERROR} else value
        for key, value in step.items()
    }


def _links(value: Json, new: Mapping[int, int]) -> Json:
    if isinstance(value, dict):
        return {channel: _links(item, new) for channel, item in value.items()}
    if isinstance(value, list):
        return [_links(item, new) for item in value]
    return new[value] if isinstance(value, int) else value
