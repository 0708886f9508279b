"""Read a recipe's text, and bring its JSON form to the one that goes into envelopes."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any, Final

from recado.errors import Problem, RecipeError
from recado.message import Json
from recado.recipe.policy import MAX_S, POLICY, number, policy_value
from recado.recipe.values import MAX_SIZE

START: Final = "start"
ERROR: Final = "error"
VERSION: Final = "version"
DESCRIPTION: Final = "description"
PARAMETERS: Final = "parameters"
ABOUT: Final = frozenset({VERSION, DESCRIPTION, PARAMETERS})
"""What a recipe says of itself; it does not travel with the recipe's messages."""

OUTPUT: Final = "output"
DELAY: Final = "transport-delay"
ROUTES: Final = ("queue", "topic", "exchange")
KNOWN: Final = frozenset(
    {*ROUTES, OUTPUT, ERROR, DELAY, PARAMETERS, "service", "wrapper", *POLICY}
)
"""The keys of a step that mean something; others are carried along."""

MAX_DELAY_S: Final = MAX_S
MAX_NAME: Final = 255
"""The bytes that a queue's name may have: as many as AMQP can say."""

_ID: Final = re.compile(r"-?[0-9]{1,18}")


def titled(name: str) -> str:
    """Return what an error calls a recipe."""
    return f"recipe {name}" if name else "recipe"


def parse(text: str | bytes, name: str = "") -> Any:
    """Return the value that a JSON text holds.

    Raises:
        RecipeError: if it is not JSON, or an object has the same key twice.
    """
    if len(text) > MAX_SIZE:
        problem = Problem("", f"larger than {MAX_SIZE} characters")
        raise RecipeError(titled(name), [problem])
    twice: list[str] = []

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(items)
        if len(made) < len(items):
            counts = Counter(key for key, _ in items)
            twice.extend(key for key, count in counts.items() if count > 1)
        return made

    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        value = json.loads(decoded, object_pairs_hook=pairs, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise RecipeError(titled(name), [Problem("", f"not JSON: {error}")]) from error
    if twice:
        problems = [Problem("", f"key {key[:60]!r} is there twice") for key in twice]
        raise RecipeError(titled(name), problems)
    return value


def _constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON number")


def step_id(key: str) -> int | None:
    """Return the step id that a key stands for, if it is one."""
    # Nearly all keys are small plain numbers, and reading one takes a tenth of a match.
    if len(key) < 10 and key.isdecimal() and key.isascii():
        return int(key)
    return int(key) if _ID.fullmatch(key) else None


def seconds(value: Json) -> float | None:
    """Return a delay in seconds, of a number or a text that holds one; none if bad."""
    found = number(value)
    return found if found is not None and 0 <= found <= MAX_DELAY_S else None


def normalised(document: dict[str, Json]) -> dict[str, Json]:
    """Return a recipe in the form that every service can read.

    Step ids are written as numbers are, links are lists, and a link that is null, which
    others fail on, is an empty list. What is not understood stays as it is.
    """
    made: dict[str, Json] = {}
    for key, value in document.items():
        number = step_id(key)
        if number is not None:
            made[str(number)] = _step(value) if isinstance(value, dict) else value
        elif key == ERROR and isinstance(value, int):
            made[key] = [value]
        else:
            made[key] = value
    return made


def _step(fields: dict[str, Json]) -> Json:
    if _CHANGED.isdisjoint(fields):
        return fields
    return {
        name: _field(name, value) if name in _CHANGED else value
        for name, value in fields.items()
    }


_CHANGED: Final = frozenset({OUTPUT, ERROR, DELAY, *POLICY})


def _field(name: str, value: Json) -> Json:
    if name == DELAY:
        delay = seconds(value)
        return value if delay is None else delay
    return policy_value(name, value) if name in POLICY else _links(value)


def _links(value: Json) -> Json:
    if value is None:
        return []
    if isinstance(value, dict):
        return {channel: _channel(item) for channel, item in value.items()}
    return value if isinstance(value, list) else [value]


def _channel(value: Json) -> Json:
    return value if isinstance(value, int | str | float) else _links(value)
