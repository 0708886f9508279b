"""From pydantic's errors to problems with paths, the same for every model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
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


def _keys(model: type[BaseModel], places: Sequence[int | str]) -> list[str]:
    """Return the keys that a model knows at a place in it; none if that is no model."""
    found: type[BaseModel] | None = model
    for place in places:
        if found is not None and isinstance(place, str):
            fields = {_key(name, it): it for name, it in found.model_fields.items()}
            found = _model_in(fields[place].annotation) if place in fields else None
    if found is None:
        return []
    return [_key(name, field) for name, field in found.model_fields.items()]


def _key(name: str, field: FieldInfo) -> str:
    return field.alias or name


def _model_in(annotation: object) -> type[BaseModel] | None:
    """Return the model that an annotation is, or is a list or an option of."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    parts = (_model_in(part) for part in get_args(annotation))
    return next((part for part in parts if part is not None), None)


def _text(entry: ErrorDetails, model: type[BaseModel]) -> str:
    places = entry["loc"]
    if entry["type"] == "missing":
        return "is missing"
    if entry["type"] == "extra_forbidden":
        known = _keys(model, places[:-1])
        return "is not known" + (nearest(str(places[-1]), known) if known else "")
    text = entry["msg"].removeprefix("Value error, ")
    shown = repr(entry["input"])
    if len(shown) > _SHOWN_VALUE:
        shown = f"{shown[:_SHOWN_VALUE]}…"
    return f"{text[:1].lower()}{text[1:]}, not {shown}"
