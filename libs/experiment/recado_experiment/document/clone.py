"""Copies of values that a caller may change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recado.message import Json


def cloned(value: Json) -> Json:
    """Return a value whose arrays and tables are new, at any depth."""
    if isinstance(value, dict):
        return {key: cloned(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [cloned(inner) for inner in value]
    return value
