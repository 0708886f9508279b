"""From pydantic's errors to problems with paths, the same for every model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from recado.errors import Problem, SchemaError, nearest

M = TypeVar("M", bound=BaseModel)

_SHOWN_VALUE = 80


def validated(model: type[M], value: object, what: str, path: str = "") -> M:
    """Return a value as an instance of a model.

    Raises:
        SchemaError: with every problem; their paths begin with ``path``.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise SchemaError(what, problems_of(error, model, path)) from None


def problems_of(
    error: ValidationError, model: type[BaseModel], path: str = ""
) -> list[Problem]:
    """Return what is wrong with a value, each with its path, such as ``payload.width``."""
    return [
        Problem(_path(path, entry["loc"]), _text(entry, model))
        for entry in error.errors(include_url=False, include_context=False)
    ]


def _path(path: str, places: Sequence[int | str]) -> str:
    for place in places:
        if isinstance(place, int):
            path += f"[{place}]"
        else:
            path += f".{place}" if path else place
    return path


def _text(entry: ErrorDetails, model: type[BaseModel]) -> str:
    places = entry["loc"]
    if entry["type"] == "missing":
        return "is missing"
    if entry["type"] == "extra_forbidden":
        known = model.model_fields if len(places) == 1 else ()
        return "is not known" + (nearest(str(places[0]), known) if known else "")
    text = entry["msg"].removeprefix("Value error, ")
    shown = repr(entry["input"])
    if len(shown) > _SHOWN_VALUE:
        shown = f"{shown[:_SHOWN_VALUE]}…"
    return f"{text[:1].lower()}{text[1:]}, not {shown}"
