"""The templates in a recipe's texts: what they name, and which of them cannot be filled."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from recado.message import Json
from recado.recipe.templates import FaultError, Field, fields, replacement
from recado.recipe.values import Flaw, Trail, hint, shown

_GIVEN: Final = frozenset({"guid"})
"""The parameters that every run has."""

_MAX_HINTS: Final = 20


def texts(document: Json, trail: Trail = None) -> Iterator[tuple[Trail, str]]:
    """Yield each text that holds a brace, keys among them, with its place."""
    if isinstance(document, str):
        if "{" in document or "}" in document:
            yield trail, document
    elif isinstance(document, dict):
        for key, value in document.items():
            yield from texts(key, trail)
            yield from texts(value, (trail, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from texts(value, (trail, index))


def template_flaws(document: Json, declared: Collection[str] | None) -> Iterator[Flaw]:
    """Yield each text that no parameters could be applied to, or ones not declared.

    Where nothing at all is ``declared``, every name may be a parameter.
    """
    hints = iter(range(_MAX_HINTS))
    for trail, text in texts(document):
        try:
            unknown = {*names(text)} - _GIVEN - {*(declared or ())}
        except FaultError as error:
            yield Flaw(trail, f"cannot take parameters: {error}")
            continue
        for name in sorted(unknown) if declared is not None else ():
            near = hint(name, declared or ()) if next(hints, None) is not None else ""
            yield Flaw(trail, f"no parameter {shown(name)} is declared{near}")


def names(text: str) -> Iterator[str]:
    """Yield the names of the parameters that a text's templates use.

    Raises:
        FaultError: at the first part that is malformed.
    """
    field = replacement(text)
    for part in fields(text) if field is None else [field]:
        if isinstance(part, Field):
            yield part.name
            if "{" in part.spec:
                yield from names(part.spec)
