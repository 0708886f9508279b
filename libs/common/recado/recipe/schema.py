"""A bounded part of JSON Schema: whether a value fits a schema.

A schema may come with a request from anybody. So nothing in it fetches, recurses without
end or runs a regular expression, and a value is checked in time that grows with its size.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, TypeAlias

from recado.message import Json
from recado.recipe.values import Flaw, Trail, hint, shown

Schema: TypeAlias = Mapping[str, Any]
"""A schema that :func:`recado.recipe.keywords.schema_flaws` found nothing in."""

TYPES: Final[Mapping[str, str]] = {
    "string": "a text",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
"""The types that a schema may ask for, each as an error says it."""


def value_flaws(value: Json, schema: Schema, trail: Trail) -> Iterator[Flaw]:
    """Yield everything in which a value does not fit a schema."""
    wanted = types_of(schema)
    if wanted and not any(_is_of(value, each) for each in wanted):
        text = " or ".join(TYPES[each] for each in wanted)
        yield Flaw(trail, f"must be {text}, not {shown(value)}")
        return
    yield from _choice_flaws(value, schema, trail)
    if isinstance(value, str):
        yield from _size_flaws(len(value), schema, trail, _LENGTH)
    elif isinstance(value, list):
        yield from _list_flaws(value, schema, trail)
    elif isinstance(value, dict):
        yield from _object_flaws(value, schema, trail)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield from _range_flaws(value, schema, trail)


def types_of(schema: Schema) -> tuple[str, ...]:
    """Return the types that a schema allows; none if it allows all."""
    given = schema.get("type", ())
    return (given,) if isinstance(given, str) else tuple(given)


def _is_of(value: Json, type_: str) -> bool:
    match type_:
        case "null":
            return value is None
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "array":
            return isinstance(value, list)
        case "object":
            return isinstance(value, dict)
        case _:
            if isinstance(value, bool) or not isinstance(value, int | float):
                return False
            # JSON does not tell 1.0 from 1.
            return type_ == "number" or isinstance(value, int) or value.is_integer()


def _choice_flaws(value: Json, schema: Schema, trail: Trail) -> Iterator[Flaw]:
    if "const" in schema and not _is_same(value, schema["const"]):
        yield Flaw(trail, f"must be {shown(schema['const'])}, not {shown(value)}")
    choices = schema.get("enum")
    if choices is not None and not any(_is_same(value, each) for each in choices):
        some = ", ".join(map(shown, choices[:20])) + ("…" if len(choices) > 20 else "")
        yield Flaw(trail, f"must be one of {some}, not {shown(value)}")


def _is_same(value: Json, other: Json) -> bool:
    # To Python true is 1.
    return value == other and isinstance(value, bool) == isinstance(other, bool)


_LENGTH: Final = ("minLength", "maxLength", "characters")
_ITEMS: Final = ("minItems", "maxItems", "items")


def _size_flaws(
    size: int, schema: Schema, trail: Trail, names: tuple[str, str, str]
) -> Iterator[Flaw]:
    least, most, what = names
    if size < schema.get(least, 0):
        yield Flaw(trail, f"must have at least {schema[least]} {what}, not {size}")
    if size > schema.get(most, math.inf):
        yield Flaw(trail, f"must have at most {schema[most]} {what}, not {size}")


def _range_flaws(value: float, schema: Schema, trail: Trail) -> Iterator[Flaw]:
    for key, (is_outside, words) in LIMITS.items():
        if key in schema and is_outside(value, schema[key]):
            yield Flaw(trail, f"must be {words} {schema[key]}, not {shown(value)}")


LIMITS: Final[Mapping[str, tuple[Callable[[float, float], bool], str]]] = {
    "minimum": (lambda value, limit: value < limit, "at least"),
    "maximum": (lambda value, limit: value > limit, "at most"),
    "exclusiveMinimum": (lambda value, limit: value <= limit, "more than"),
    "exclusiveMaximum": (lambda value, limit: value >= limit, "less than"),
}


def _list_flaws(value: list[Json], schema: Schema, trail: Trail) -> Iterator[Flaw]:
    yield from _size_flaws(len(value), schema, trail, _ITEMS)
    if "items" in schema:
        for index, item in enumerate(value):
            yield from value_flaws(item, schema["items"], (trail, index))


def _object_flaws(
    value: dict[str, Json], schema: Schema, trail: Trail
) -> Iterator[Flaw]:
    for name in schema.get("required", ()):
        if name not in value:
            yield Flaw((trail, name), "is missing")
    properties: Mapping[str, Schema] = schema.get("properties", {})
    others: bool | Schema = schema.get("additionalProperties", True)
    for name, item in value.items():
        if name in properties:
            yield from value_flaws(item, properties[name], (trail, name))
        elif others is False:
            text = f"is not one of the object's keys{hint(name, properties)}"
            yield Flaw((trail, name), text)
        elif others is not True:
            yield from value_flaws(item, others, (trail, name))
