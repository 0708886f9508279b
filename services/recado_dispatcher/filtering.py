"""Filters: plug-ins that look at a request and change it before its recipes are read."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from datetime import date, time
from decimal import Decimal
from pathlib import PurePath
from typing import Any, Final, cast
from uuid import UUID

from recado.errors import Problem, ProblemsError, SchemaError
from recado.letter import describe
from recado.message import encode
from recado.recipe import Recipe
from recado.recipe.values import plain
from recado.retry import Reject
from recado.schemas.dispatch import GUID, RunRequest
from recado.starting import Request
from recado.validation import validated
from recado_dispatcher import standin
from recado_dispatcher.calling import Caller
from recado_dispatcher.plugins import Plugin

_NOTED: Final = 100
"""Changes of one filter that are written down."""
_SHOWN: Final = 1_000
"""Bytes of a new value that are written down."""
_RECIPE: Final = "recipe"
_KNOWN: Final = frozenset({*RunRequest.model_fields, _RECIPE})


@dataclass(frozen=True, slots=True)
class Note:
    """What a filter did: new values by path, and the paths of what it took away."""

    name: str
    changed: dict[str, Any] = field(default_factory=dict[str, Any])
    removed: list[str] = field(default_factory=list[str])


async def apply_filters(
    filters: Sequence[Plugin], request: Request, caller: Caller
) -> tuple[Request, list[Note]]:
    """Return a request as filters make it, each given what the one before it left.

    Every filter gets a copy. Whose request it is, and which run it starts, stays.

    Raises:
        SchemaError, Reject, RetryLater, PluginError: as :meth:`Caller.call`, and if a
            filter returns what is no request.
    """
    notes: list[Note] = []
    for plugin in filters:
        given: tuple[Any, ...] = (copied(request),)
        if plugin.is_zocalo:
            given = as_zocalo(given[0])
        made = _read(plugin, await caller.call(plugin, *given), request)
        notes.append(note_of(plugin.name, request, made))
        request = made
    return request, notes


def _read(plugin: Plugin, result: object, request: Request) -> Request:
    try:
        read = from_zocalo if plugin.is_zocalo else _returned
        return read(plugin, result, request)
    except (ProblemsError, Reject):
        raise
    # It may be an object of any kind, which cannot even be looked at.
    except Exception as error:
        text = f"returned what cannot be read: {describe(error)[0]}"
        raise Reject(f"{plugin.title}: {text}") from error


def as_zocalo(request: Request) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a request as Zocalo's plug-ins are given it: a message, and parameters."""
    message = {
        **request.extra,
        "recipes": request.recipes,
        "parameters": deepcopy(request.parameters),
        _RECIPE: standin.shown(request.recipe),
    }
    if request.custom_recipe:
        message["custom_recipe"] = request.custom_recipe
    return message, request.parameters


def from_zocalo(plugin: Plugin, result: object, request: Request) -> Request:
    """Return the request that a filter of Zocalo's returned."""
    pair = cast("Sequence[Any]", result) if isinstance(result, tuple | list) else ()
    if len(pair) != 2 or not all(isinstance(each, Mapping) for each in pair):
        raise Reject(
            f"{plugin.title}: returned {result!r:.80}, not a message and parameters"
        )
    message: Mapping[str, Any] = pair[0]
    made = replace(
        request,
        recipes=message.get("recipes") or [],
        custom_recipe=message.get("custom_recipe"),
        parameters=pair[1],
        extra={key: value for key, value in message.items() if key not in _KNOWN},
    )
    return _checked(plugin, made, request, message.get(_RECIPE))


def _returned(plugin: Plugin, result: object, request: Request) -> Request:
    if not isinstance(result, Request):
        raise Reject(f"{plugin.title}: returned {result!r:.80}, not a request")
    return _checked(plugin, result, request, result.recipe)


def _checked(plugin: Plugin, made: Request, before: Request, recipe: object) -> Request:
    """Return a request of JSON alone, that is about the same run as before."""
    content = {
        **made.extra,
        "recipes": made.recipes,
        "custom_recipe": made.custom_recipe,
        "parameters": made.parameters,
    }
    try:
        body = validated(RunRequest, _json(content), "request")
        read = standin.read(recipe)
    except ProblemsError as error:
        what = f"{plugin.title}: returned {error.what}"
        raise SchemaError(what, error.problems) from error
    return replace(
        before,
        recipes=body.recipes,
        custom_recipe=body.custom_recipe,
        parameters={**body.parameters, GUID: before.run},
        extra=dict(body.model_extra or {}),
        recipe=read,
    )


def _json(content: object) -> Any:
    try:
        value = json.loads(json.dumps(content, default=_simple))
    except (TypeError, ValueError, RecursionError) as error:
        raise SchemaError("request", [Problem("", str(error))]) from error
    copy, problems = plain(value)
    if problems:
        raise SchemaError("request", problems)
    return copy


def _simple(value: object) -> object:
    """Return what databases give, and JSON has not, as JSON has it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, date | time | PurePath | UUID):
        return str(value)
    if isinstance(value, set | frozenset):
        return list(cast("set[object]", value))
    raise TypeError(f"{type(value).__name__} has no JSON form")


def copied(request: Request) -> Request:
    """Return a request that a plug-in may do with what it likes."""
    return replace(
        request,
        recipes=list(request.recipes),
        custom_recipe=deepcopy(request.custom_recipe),
        parameters={**deepcopy(request.parameters), GUID: request.run},
        extra=deepcopy(request.extra),
        recipe=request.recipe and Recipe.trusted(deepcopy(request.recipe.raw)),
    )


def note_of(name: str, before: Request, after: Request) -> Note:
    """Return what a filter changed."""
    old, new = _paths(before), _paths(after)
    changed = {
        path: _cut(value)
        for path, value in new.items()
        if path not in old or old[path] != value
    }
    removed = [path for path in old if path not in new]
    return Note(name, dict(list(changed.items())[:_NOTED]), removed[:_NOTED])


def _paths(request: Request) -> dict[str, Any]:
    paths = {f"parameters.{k}": v for k, v in request.parameters.items() if k != GUID}
    paths |= request.extra
    if request.recipes:
        paths["recipes"] = request.recipes
    if request.custom_recipe:
        paths["custom_recipe"] = request.custom_recipe
    if request.recipe:
        paths[_RECIPE] = request.recipe.raw
    return paths


def _cut(value: object) -> object:
    size = len(encode(value))
    return value if size <= _SHOWN else f"({size} bytes)"
