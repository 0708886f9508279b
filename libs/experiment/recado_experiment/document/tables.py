"""The values that a TOML document is made of, and what a checker needs to know of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeAlias, TypeGuard

Table: TypeAlias = dict[str, object]

SHOWN = 60
"""As many characters of a value an error message shows at most."""
LETTERS = 10
"""As many letters of a text count as one value."""

# A boolean is an integer as well, so it comes first.
_KINDS = ((bool, "a boolean"), (int, "an integer"), (float, "a float"), (str, "a text"))


def is_table(value: object) -> TypeGuard[Table]:
    """Tell whether a value is a table; keys of a TOML table are always text."""
    return isinstance(value, dict)


def is_list(value: object) -> TypeGuard[list[object]]:
    """Tell whether a value is an array."""
    return isinstance(value, list)


def kind(value: object) -> str:
    """Return what TOML calls a value's type."""
    if is_table(value):
        return "a table"
    if is_list(value):
        return "an array"
    for kind_of, name in _KINDS:
        if isinstance(value, kind_of):
            return name
    return "a date or time"


def size(value: object) -> int:
    """Return how many values a value has in it, itself included.

    Of a text each ten letters count as one more, and likewise of a key.
    """
    if is_table(value):
        return 1 + sum(len(key) // LETTERS + size(value[key]) for key in value)
    if is_list(value):
        return 1 + sum(map(size, value))
    return 1 + letters(value)


def letters(value: object) -> int:
    """Return as how many values the letters of a text count; 0 if it is none."""
    return len(value) // LETTERS if isinstance(value, str) else 0


def largest(values: Iterable[object]) -> int:
    """Return the size of the largest of some values, 0 if there are none."""
    return max(map(size, values), default=0)


def shown(value: object) -> str:
    """Return a value as an error message shows it: short."""
    text = ""
    for part in _parts(value):
        text += part
        if len(text) > SHOWN:
            return text[: SHOWN - 3] + "..."
    return text


def _parts(value: object) -> Iterator[str]:
    """Yield what a value's ``repr`` is made of, however large the value is."""
    if is_table(value):
        yield "{"
        for at, (key, inner) in enumerate(value.items()):
            yield f"{', ' if at else ''}{key[:SHOWN]!r}: "
            yield from _parts(inner)
        yield "}"
    elif is_list(value):
        yield "["
        for at, inner in enumerate(value):
            yield ", " if at else ""
            yield from _parts(inner)
        yield "]"
    else:
        yield repr(value[:SHOWN] if isinstance(value, str) else value)
