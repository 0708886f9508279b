"""The keywords of JSON Schema that a recipe may use, and those that it may not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import chain
from typing import Final

from recado.message import Json
from recado.recipe.schema import LIMITS, TYPES, value_flaws
from recado.recipe.values import Flaw, Trail, hint, shown

MAX_CHOICES: Final = 100
"""The values that ``enum`` may list: each is compared with whatever is checked."""


def schema_flaws(schema: Json, trail: Trail) -> Iterator[Flaw]:
    """Yield everything that is wrong with a schema, and with the schemas inside it."""
    if not isinstance(schema, dict):
        yield Flaw(trail, f"a schema is an object, not {shown(schema)}")
        return
    is_sound = True
    for key, value in schema.items():
        for flaw in _keyword_flaws(key, value, (trail, key)):
            is_sound = False
            yield flaw
    # A default cannot be measured by a schema that is broken.
    if is_sound and "default" in schema:
        yield from value_flaws(schema["default"], schema, (trail, "default"))


def _keyword_flaws(key: str, value: Json, trail: Trail) -> Iterator[Flaw]:
    if form := KEYWORDS.get(key):
        yield from form(value, trail)
    else:
        yield Flaw(trail, _refusal(key))


def _refusal(key: str) -> str:
    if why := _REFUSED.get(key):
        return f"{shown(key)} cannot be used in a recipe: {why}"
    return f"there is no keyword {shown(key)}{hint(key, KEYWORDS)}"


_REFUSED: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        ("$ref", "$dynamicRef", "$defs", "definitions", "$id", "$anchor"),
        "nothing is fetched or referred to; write the schema where it is needed",
    ),
    **dict.fromkeys(
        ("pattern", "patternProperties", "propertyNames"),
        "no regular expression of somebody else's is run; list the values in 'enum'",
    ),
    "format": "no text is checked by its format; say it in 'description'",
    **dict.fromkeys(
        ("allOf", "anyOf", "oneOf", "not", "if", "then", "else"),
        "a value has one schema; give several types in 'type', or values in 'enum'",
    ),
}


def _any(value: Json, trail: Trail) -> Iterator[Flaw]:
    return iter(())


def _text(value: Json, trail: Trail) -> Iterator[Flaw]:
    if not isinstance(value, str):
        yield Flaw(trail, f"must be a text, not {shown(value)}")


def _flag(value: Json, trail: Trail) -> Iterator[Flaw]:
    if not isinstance(value, bool):
        yield Flaw(trail, f"must be true or false, not {shown(value)}")


def _number(value: Json, trail: Trail) -> Iterator[Flaw]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        yield Flaw(trail, f"must be a number, not {shown(value)}")


def _count(value: Json, trail: Trail) -> Iterator[Flaw]:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        yield Flaw(trail, f"must be an integer from 0 on, not {shown(value)}")


def _list(value: Json, trail: Trail) -> Iterator[Flaw]:
    if not isinstance(value, list):
        yield Flaw(trail, f"must be a list, not {shown(value)}")


def _type(value: Json, trail: Trail) -> Iterator[Flaw]:
    if not isinstance(value, list):
        yield from _type_flaws(value, trail)
    elif not 0 < len(value) <= len(TYPES):
        yield Flaw(trail, f"must list 1 to {len(TYPES)} types, not {len(value)}")
    else:
        for index, name in enumerate(value):
            yield from _type_flaws(name, (trail, index))


def _type_flaws(name: Json, trail: Trail) -> Iterator[Flaw]:
    if not isinstance(name, str):
        yield Flaw(trail, f"a type is named by a text, not {shown(name)}")
    elif name not in TYPES:
        yield Flaw(trail, f"there is no type {shown(name)}{hint(name, TYPES)}")


def _scalar(value: Json, trail: Trail) -> Iterator[Flaw]:
    if isinstance(value, list | dict):
        yield Flaw(
            trail, f"must be a text, a number, a boolean or null, not {shown(value)}"
        )


def _choices(value: Json, trail: Trail) -> Iterator[Flaw]:
    if not isinstance(value, list) or not 0 < len(value) <= MAX_CHOICES:
        got = f"{len(value)}" if isinstance(value, list) else shown(value)
        yield Flaw(trail, f"must list 1 to {MAX_CHOICES} values, not {got}")
        return
    yield from chain.from_iterable(
        _scalar(item, (trail, index)) for index, item in enumerate(value)
    )


def _names(value: Json, trail: Trail) -> Iterator[Flaw]:
    if not isinstance(value, list):
        yield Flaw(trail, f"must be a list of names, not {shown(value)}")
        return
    yield from chain.from_iterable(
        _text(item, (trail, index)) for index, item in enumerate(value)
    )


def _properties(value: Json, trail: Trail) -> Iterator[Flaw]:
    if not isinstance(value, dict):
        yield Flaw(trail, f"must be an object of schemas, not {shown(value)}")
        return
    yield from chain.from_iterable(
        schema_flaws(item, (trail, name)) for name, item in value.items()
    )


def _schema_or_flag(value: Json, trail: Trail) -> Iterator[Flaw]:
    return iter(()) if isinstance(value, bool) else schema_flaws(value, trail)


ANNOTATIONS: Final[Mapping[str, Callable[[Json, Trail], Iterator[Flaw]]]] = {
    **dict.fromkeys(("title", "description", "$comment", "$schema"), _text),
    "examples": _list,
    "deprecated": _flag,
}
"""The keywords that tell people something, and change nothing."""

KEYWORDS: Final[Mapping[str, Callable[[Json, Trail], Iterator[Flaw]]]] = {
    "type": _type,
    "enum": _choices,
    "const": _scalar,
    "default": _any,
    **dict.fromkeys(LIMITS, _number),
    **dict.fromkeys(
        ("minLength", "maxLength", "minItems", "maxItems"),
        _count,
    ),
    "items": schema_flaws,
    "properties": _properties,
    "additionalProperties": _schema_or_flag,
    "required": _names,
    **ANNOTATIONS,
}
"""Each keyword, and what says whether its value is well formed."""
