"""Declared parameters: what a recipe says of the values that it is started with."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from typing import Final, NamedTuple, cast

from recado.errors import Problem
from recado.message import Json
from recado.recipe.checking import Findings
from recado.recipe.declaration import declaration_flaws
from recado.recipe.model import Recipe
from recado.recipe.reading import PARAMETERS
from recado.recipe.schema import TYPES, Schema, types_of, value_flaws
from recado.recipe.values import MAX_PROBLEMS, Flaws, shown

_INTEGER: Final = re.compile(r"[+-]?[0-9]{1,300}")
_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,300}(\.[0-9]{0,300})?([eE][+-]?[0-9]{1,3})?")
_MAX_NAME: Final = 80
_MAX_GUESSES: Final = 20
_MAX_DECLARED: Final = 500


class Declared(NamedTuple):
    """Parameters as a recipe declares them, and what looks like a typing error."""

    parameters: dict[str, Json]
    warnings: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter as its recipe declares it; without a default if it has none."""

    name: str
    schema: Schema
    is_required: bool

    @property
    def has_default(self) -> bool:
        """Whether the parameter may be left out and still has a value."""
        return "default" in self.schema

    @property
    def default(self) -> Json:
        """The value that it has where none is given; null if there is no such value."""
        return cast("Json", self.schema.get("default"))

    @property
    def description(self) -> str:
        """What it is, in the recipe's words."""
        return str(self.schema.get("description") or self.schema.get("title") or "")

    @property
    def kind(self) -> str:
        """What its value can be, in a few words."""
        if choices := self.schema.get("enum"):
            return "one of " + ", ".join(map(shown, choices))
        return " or ".join(TYPES[each] for each in types_of(self.schema))


def declared_parameters(recipe: Recipe) -> list[Parameter]:
    """Return the parameters that a recipe declares, in its order.

    Raises:
        RecipeError: if the recipe was never checked, and its declaration is malformed.
    """
    declaration = _declaration(recipe)
    required = set(declaration.get("required", ()))
    return [
        Parameter(name, schema, name in required)
        for name, schema in declaration.get("properties", {}).items()
    ]


def declared_values(recipe: Recipe, parameters: Mapping[str, Json]) -> Declared:
    """Return the parameters that a recipe is to be filled in with.

    A default stands in for what is not given. A text that is given for an integer, a
    number or a boolean is converted, if it reads as one. What is not declared is passed
    on; a warning tells of it if it looks like a declared one that is misspelt.

    Raises:
        RecipeError: with every parameter that is missing or does not fit, by its name.
    """
    declared = declared_parameters(recipe)
    if not declared:
        return Declared(dict(parameters), ())
    values, flaws = dict(parameters), Flaws()
    meant = _misspelt(declared, parameters)
    for each in declared:
        if each.name in values:
            values[each.name] = _converted(values[each.name], each.schema)
            found = value_flaws(values[each.name], each.schema, (None, each.name))
            flaws.extend(islice(found, MAX_PROBLEMS))
        elif each.has_default:
            values[each.name] = each.default
        elif each.is_required:
            flaws.add((None, each.name), _missing(each, meant))
    Findings(flaws.problems()).raise_errors("parameters")
    return Declared(values, _warnings(meant))


def _declaration(recipe: Recipe) -> Schema:
    declaration = recipe.raw.get(PARAMETERS)
    if declaration is None:
        return {}
    if not recipe.is_checked:
        flaws = Flaws()
        flaws.extend(declaration_flaws(declaration, (None, PARAMETERS)))
        Findings(flaws.problems()).raise_errors("recipe")
    return cast("Schema", declaration)


def _converted(value: Json, schema: Schema) -> Json:
    wanted = types_of(schema)
    if isinstance(value, float) and value.is_integer() and "number" not in wanted:
        return int(value) if "integer" in wanted else value
    if not isinstance(value, str) or "string" in wanted:
        return value
    text = value.strip()
    if _INTEGER.fullmatch(text) and not {"integer", "number"}.isdisjoint(wanted):
        return int(text)
    if _NUMBER.fullmatch(text) and "number" in wanted:
        number = float(text)
        return number if math.isfinite(number) else value
    if "boolean" in wanted and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    return value


_BOOLEANS: Final = {"true": True, "false": False}


def _misspelt(
    declared: list[Parameter], parameters: Mapping[str, Json]
) -> dict[str, str]:
    """Return the declared names that were meant, by the names that were given."""
    names = {each.name: None for each in declared}
    unset = [x for x in names if x not in parameters and len(x) <= _MAX_NAME]
    others = (x for x in parameters if x not in names and len(x) <= _MAX_NAME)
    guesses = {
        name: get_close_matches(name, unset[:_MAX_DECLARED], n=1, cutoff=0.75)
        for name in islice(others, _MAX_GUESSES if unset else 0)
    }
    return {name: near[0] for name, near in guesses.items() if near}


def _missing(parameter: Parameter, meant: Mapping[str, str]) -> str:
    about = f": {parameter.description}" if parameter.description else ""
    given = next((x for x, name in meant.items() if name == parameter.name), None)
    hint = f"; there is {given!r}, is it meant?" if given else ""
    return f"is missing, {parameter.kind or 'a value'}{about[:200]}{hint}"


def _warnings(meant: Mapping[str, str]) -> tuple[Problem, ...]:
    return tuple(
        Problem(given, f"is not declared by the recipe; did you mean {name!r}?")
        for given, name in meant.items()
    )
