"""The values that a TOML document is made of, and what a checker needs to know of them."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TypeAlias, TypeGuard

Table: TypeAlias = dict[str, object]

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


def shown(value: object) -> str:
    """Return a value as an error message shows it: short."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def misspelt(name: str, present: Iterable[str]) -> str:
    """Return a hint if a name that is missing seems to be there in another spelling."""
    near = get_close_matches(name, list(present), n=1, cutoff=0.7)
    return f"; is {near[0]!r} meant to be it?" if near else ""
