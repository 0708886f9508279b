"""Options: what stands behind the question mark of a broker's URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl

from recado.errors import nearest

Option: TypeAlias = Callable[[str], Any]
"""Reads an option's value; raises ValueError with what it must be."""


def read_options(query: str, known: Mapping[str, Option]) -> dict[str, Any]:
    """Return the options that a URL gives, each read.

    Raises:
        ValueError: for an option that nobody knows, or that has no such value.
    """
    found: dict[str, Any] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in known:
            raise ValueError(f"no option {name!r}{nearest(name, known)}")
        try:
            found[name] = known[name](value)
        except ValueError as error:
            raise ValueError(f"{name} {error}, not {value!r}") from None
    return found


def one_of(*values: str) -> Option:
    """Return an option that is one of a few words."""

    def read(value: str) -> str:
        if value not in values:
            raise ValueError(f"must be {' or '.join(values)}")
        return value

    return read


def count(low: int, high: int) -> Option:
    """Return an option that is a whole number within bounds."""

    def read(value: str) -> int:
        if not (value.isascii() and value.isdecimal() and low <= int(value) <= high):
            raise ValueError(f"must be a number from {low} to {high}")
        return int(value)

    return read


def seconds(low: float, high: float) -> Option:
    """Return an option that is a number of seconds within bounds."""

    def read(value: str) -> float:
        try:
            found = float(value)
        except ValueError:
            found = -1.0
        if not low <= found <= high:
            raise ValueError(f"must be a number of seconds from {low:g} to {high:g}")
        return found

    return read


CEILING = count(1, 1_000_000)
"""Deliveries of one message after which a transport gives it up."""
