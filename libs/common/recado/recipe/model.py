"""A recipe: a graph of steps, in the JSON form that travels in every envelope."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import cast

from recado.errors import Problem, RecipeError
from recado.message import Json
from recado.recipe.checking import Findings, examine
from recado.recipe.links import targets
from recado.recipe.reading import (
    ABOUT,
    DESCRIPTION,
    ERROR,
    PARAMETERS,
    START,
    VERSION,
    normalised,
    parse,
    titled,
)
from recado.recipe.step import RecipeStep, Steps
from recado.recipe.texts import template_flaws
from recado.recipe.values import Flaw, Flaws, plain


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Recipe:
    """A graph of steps, and where a run of it starts.

    Make one with :meth:`read`, which checks it, or with :meth:`trusted`. ``raw`` is the
    JSON form that is put into envelopes, to be read only; :meth:`to_json` copies it.
    """

    raw: dict[str, Json]
    is_checked: bool = False

    @classmethod
    def read(cls, document: object, name: str = "") -> Recipe:
        """Check a recipe, given as JSON text or as an object, and copy it.

        Raises:
            RecipeError: with every problem of the recipe, each with its path.
        """
        copy, findings = _examined(document, name)
        findings.raise_errors(titled(name))
        return cls(normalised(cast("dict[str, Json]", copy)), is_checked=True)

    @classmethod
    def trusted(cls, raw: dict[str, Json]) -> Recipe:
        """Return the recipe of an envelope: not checked, not copied, no work at all."""
        return cls(raw)

    @property
    def steps(self) -> Steps:
        """The steps by id."""
        return Steps(self.raw)

    def step(self, number: int) -> RecipeStep:
        """Return a step.

        Raises:
            RecipeError: if there is none with this id.
        """
        try:
            return self.steps[number]
        except KeyError:
            ids = ", ".join(map(str, sorted(self.steps)[:20])) or "none"
            text = f"there is no step {number} (steps: {ids})"
            raise RecipeError("recipe", [Problem("", text)]) from None

    @property
    def start(self) -> tuple[tuple[int, Json], ...]:
        """The steps that a run starts with, each with its payload."""
        if not self.is_checked:
            examine(self.raw).raise_errors("recipe")
        entries = cast("list[tuple[int, Json]]", self.raw[START])
        return tuple((number, payload) for number, payload in entries)

    @property
    def error(self) -> tuple[int, ...]:
        """The ids of the steps that are told of failures, where a step names none."""
        return targets(self.raw.get(ERROR))

    @property
    def version(self) -> str:
        """Which version of the recipe this is; empty if it does not say."""
        return self._text(VERSION)

    @property
    def description(self) -> str:
        """What the recipe does, in its own words; empty if it does not say."""
        return self._text(DESCRIPTION)

    def to_json(self) -> dict[str, Json]:
        """Return a copy in the form that travels: ids are text, links are lists."""
        copy, problems = plain(self._normalised())
        Findings(problems).raise_errors("recipe")
        return cast("dict[str, Json]", copy)

    def _text(self, key: str) -> str:
        value = self.raw.get(key)
        return value if isinstance(value, str) else ""

    def __repr__(self) -> str:
        return f"<Recipe of {len(self.steps)} steps>"

    def _normalised(self) -> dict[str, Json]:
        return self.raw if self.is_checked else normalised(self.raw)

    def __eq__(self, other: object) -> bool:
        """Compare with a recipe, an object or a JSON text, however it is written."""
        if isinstance(other, Recipe):
            return self._normalised() == other._normalised()
        if not isinstance(other, Mapping | str | bytes):
            return NotImplemented
        try:
            copy, problems = _copied(cast("object", other), "")
        except RecipeError:
            return False
        if problems or not isinstance(copy, dict):
            return False
        return self._normalised() == normalised(copy)


def read_recipe(text: str | bytes, name: str = "") -> Recipe:
    """Return the recipe that a JSON text holds.

    Raises:
        RecipeError: with every problem of the recipe, each with its path.
    """
    return Recipe.read(text, name)


def check(recipe: object, name: str = "") -> Findings:
    """Return everything that is wrong with a recipe, and everything that looks wrong.

    It may be a Recipe, a JSON text or an object.
    """
    document = recipe.raw if isinstance(recipe, Recipe) else recipe
    try:
        copy, findings = _examined(document, name)
    except RecipeError as error:
        return Findings(error.problems)
    unfit = Flaws()
    unfit.extend(_template_flaws(copy))
    return Findings(findings.errors, (*findings.warnings, *unfit.problems()))


def _template_flaws(document: Json) -> Iterator[Flaw]:
    if not isinstance(document, dict):
        return iter(())
    declaration = document.get(PARAMETERS)
    declared = declaration.get("properties") if isinstance(declaration, dict) else None
    # What a recipe says of itself is not filled in.
    rest: Json = {key: value for key, value in document.items() if key not in ABOUT}
    return template_flaws(rest, declared if isinstance(declared, dict) else None)


def _examined(document: object, name: str) -> tuple[Json, Findings]:
    copy, problems = _copied(document, name)
    # What is not JSON would be reported a second time, as the null it was replaced by.
    findings = Findings(problems) if problems else examine(copy)
    return copy, findings


def _copied(document: object, name: str) -> tuple[Json, tuple[Problem, ...]]:
    if isinstance(document, str | bytes):
        return plain(parse(document, name))
    return plain(document)
