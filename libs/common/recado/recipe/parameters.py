"""Fill parameters into a recipe, everywhere at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from recado.errors import Problem, RecipeError, SchemaError
from recado.message import Json, encode
from recado.recipe.checking import Findings
from recado.recipe.model import Recipe
from recado.recipe.policy import POLICY, policy_flaws
from recado.recipe.reading import (
    ABOUT,
    DELAY,
    MAX_NAME,
    PARAMETERS,
    ROUTES,
    seconds,
    step_id,
    titled,
)
from recado.recipe.templates import (
    FaultError,
    Field,
    UnknownNameError,
    fields,
    filled,
    look_up,
    replacement,
)
from recado.recipe.values import MAX_SIZE, Flaws, Trail, hint, length, plain, shown

_MAX_HINTS: Final = 20
_MUST_BE_KNOWN: Final = frozenset({*ROUTES, DELAY, *POLICY})
_FREE: Final = frozenset({PARAMETERS, "service", "wrapper"})
"""The keys of a step whose values never make its recipe invalid."""
_SURELY_FITS: Final = MAX_SIZE // 4
"""Bytes of JSON that are within the bounds, whatever they hold: a digit counts for five."""


def apply_parameters(
    recipe: Recipe, parameters: Mapping[str, object], name: str = ""
) -> Recipe:
    """Return a recipe with its templates filled in: keys and values, in one pass.

    ``{$REPLACE:x}`` stands for the value itself, and for null where there is none. Any
    other template without a value stays as it is, except where it would lose messages: in
    a queue, a topic, an exchange, a delay, or where it would change how a step is done.
    What the recipe says of itself, such as its version, is left out: the recipe that
    results is the one that travels.

    Raises:
        RecipeError: with every template that cannot be filled in, and every problem of
            the recipe that results.
    """
    values, problems = plain(dict(parameters))
    Findings(problems).raise_errors("parameters")
    filling = _Filling(cast("dict[str, Json]", values))
    try:
        document = filling.recipe(recipe.raw)
    except _FullError:
        text = f"with its parameters larger than {MAX_SIZE} characters"
        raise RecipeError(titled(name), [Problem("", text)]) from None
    Findings(filling.flaws.problems()).raise_errors(titled(name))
    if recipe.is_checked and not filling.is_reshaped and _fits(document):
        return Recipe(document, is_checked=True)
    return Recipe.read(document, name)


def _fits(document: dict[str, Json]) -> bool:
    """Return whether a document is surely not too large, and can be written as JSON."""
    try:
        return len(encode(document)) <= _SURELY_FITS
    except SchemaError:  # half of a surrogate pair, which a format may have made
        return False


class _FullError(Exception):
    """Raised inside this module to stop at a recipe that grows too large."""


class _Filling:
    def __init__(self, values: dict[str, Json]) -> None:
        self.values = values
        self.flaws = Flaws()
        self.room = MAX_SIZE
        self.is_reshaped = False
        """Whether more was filled in than what cannot make a valid recipe invalid."""
        self._templates = 0

    def recipe(self, raw: dict[str, Json]) -> dict[str, Json]:
        return {
            key: self._step(value, (None, key))
            if isinstance(value, dict) and step_id(key) is not None
            else self._value(value, (None, key))
            for key, value in raw.items()
            if key not in ABOUT
        }

    def _step(self, step: dict[str, Json], trail: Trail) -> dict[str, Json]:
        made: dict[str, Json] = {}
        for key, value in step.items():
            templates, known = self._templates, len(self.flaws)
            name = self._key(key, trail, made)
            made[name] = filled = self._value(
                value, (trail, key), must_be_known=name in _MUST_BE_KNOWN
            )
            if templates < self._templates and key not in _FREE:
                self.is_reshaped = True
            if len(self.flaws) == known and (text := _unfit(name, filled)):
                self.flaws.add((trail, key), text)
        return made

    def _value(self, value: Json, trail: Trail, *, must_be_known: bool = False) -> Json:
        if isinstance(value, str):
            # Most texts have no templates.
            if "{" not in value and "}" not in value:
                return value
            return self._text(value, trail, must_be_known=must_be_known)
        if isinstance(value, list):
            return [
                self._value(item, (trail, i), must_be_known=must_be_known)
                for i, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        made: dict[str, Json] = {}
        for key, item in value.items():
            made[self._key(key, trail, made)] = self._value(
                item, (trail, key), must_be_known=must_be_known
            )
        return made

    def _key(self, key: str, trail: Trail, taken: Mapping[str, Json]) -> str:
        has_template = "{" in key or "}" in key
        name = self._text(key, (trail, key)) if has_template else key
        if not isinstance(name, str):
            self.flaws.add((trail, key), f"a key is text, not {shown(name)}")
            return key
        if name in taken:
            self.flaws.add((trail, key), f"the key {shown(name)} is there twice")
        return name

    def _text(self, text: str, trail: Trail, *, must_be_known: bool = False) -> Json:
        self._templates += 1
        try:
            field = replacement(text)
            if field is not None:
                return self._replacement(field, trail, must_be_known=must_be_known)
            parts = [
                self._part(x, trail, must_be_known=must_be_known) for x in fields(text)
            ]
        except FaultError as error:
            self.flaws.add(trail, str(error))
            return text
        return "".join(parts)

    def _part(self, part: str | Field, trail: Trail, *, must_be_known: bool) -> str:
        if isinstance(part, str):
            return part
        try:
            text = filled(part, self.values)
        except UnknownNameError as error:
            if must_be_known:
                self._refuse_unknown(str(error.args[0]), trail)
            return part.text
        except FaultError as error:
            self.flaws.add(trail, str(error))
            return part.text
        self._charge(len(text))
        return text

    def _replacement(self, field: Field, trail: Trail, *, must_be_known: bool) -> Json:
        try:
            value = look_up(field, self.values)
        except UnknownNameError as error:
            if must_be_known:
                self._refuse_unknown(str(error.args[0]), trail)
        except FaultError as error:
            if must_be_known:
                self.flaws.add(trail, str(error))
        else:
            self._charge(len(encode(value)))
            copy, problems = plain(value, length(trail))
            if not problems:
                return copy
            self.is_reshaped = True  # nested too deeply in this place
            return value
        return None

    def _charge(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise _FullError

    def _refuse_unknown(self, name: str, trail: Trail) -> None:
        # Each hint is a search through the parameters, of which there may be thousands.
        near = hint(name, self.values) if len(self.flaws) < _MAX_HINTS else ""
        self.flaws.add(trail, f"no parameter {shown(name)}{near}")


def _unfit(key: str, value: Json) -> str:
    # A recipe that is still to be filled in may have any template in these places.
    if key == DELAY and value is not None and seconds(value) is None:
        return f"{shown(value)} is no delay in seconds"
    if key in POLICY and value is not None:
        found = policy_flaws(key, value, None, templates=False)
        return next((flaw.text for flaw in found), "")
    if key not in ROUTES or not isinstance(value, str):
        return ""
    # A format may have made half of a surrogate pair, which is reported later on.
    if len(value.encode(errors="replace")) <= MAX_NAME:
        return ""
    return f"{shown(value)} is too long: a name has at most {MAX_NAME} bytes"
