"""The declaration of a recipe's parameters: a schema that names each of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from recado.message import Json
from recado.recipe.keywords import ANNOTATIONS, KEYWORDS, schema_flaws
from recado.recipe.values import Flaw, Trail, shown

_KEYS: Final = frozenset(
    {"type", "properties", "required", "additionalProperties", *ANNOTATIONS}
)


def declaration_flaws(declaration: Json, trail: Trail) -> Iterator[Flaw]:
    """Yield everything that is wrong with what a recipe says of its parameters."""
    if not isinstance(declaration, dict):
        text = f"parameters are declared by a JSON schema, not {shown(declaration)}"
        yield Flaw(trail, text)
        return
    known = {key: value for key, value in declaration.items() if key in _KEYS}
    for key in declaration:
        if key not in _KEYS:
            yield Flaw((trail, key), _misplaced(key))
    yield from schema_flaws(known, trail)
    if known.get("type", "object") != "object":
        text = f"must be 'object', not {shown(known['type'])}"
        yield Flaw((trail, "type"), text)
    if known.get("additionalProperties", True) is not True:
        text = "must be true: a run may be given more parameters than a recipe declares"
        yield Flaw((trail, "additionalProperties"), text)
    yield from _undeclared(known, trail)


def _misplaced(key: str) -> str:
    if key in KEYWORDS:
        return "does not fit an object of parameters; it belongs to one of 'properties'"
    return f"parameters are declared in 'properties'; move {shown(key)} there"


def _undeclared(declaration: dict[str, Json], trail: Trail) -> Iterator[Flaw]:
    names, required = declaration.get("properties", {}), declaration.get("required")
    if not isinstance(required, list) or not isinstance(names, dict):
        return
    for index, name in enumerate(required):
        if isinstance(name, str) and name not in names:
            text = f"{shown(name)} is required, and not declared in 'properties'"
            yield Flaw(((trail, "required"), index), text)
