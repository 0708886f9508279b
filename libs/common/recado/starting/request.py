"""A request for a run: what a message on the dispatcher's queue asks for."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from hashlib import sha256
from typing import Any, Final

from recado.envelope import Envelope
from recado.errors import Problem, SchemaError
from recado.events import is_run_id
from recado.ids import as_id, derived_id
from recado.message import Message, decode
from recado.recipe import Recipe
from recado.recipe.values import plain
from recado.schemas.dispatch import (
    EXPIRATION,
    GUID,
    REQUEST,
    RequestHeaders,
    RunRequest,
)
from recado.validation import validated

_OURS: Final = frozenset({GUID, EXPIRATION})
"""Parameters that say nothing of what is to be done."""
_HINTS: Final = 20
_LONGEST_KEY: Final = 80


@dataclass(slots=True)
class Request:
    """What is asked for, as it came or as filters have changed it.

    A filter of the dispatcher gets one of its own, which it may change and return.
    """

    id: str
    """The id of the message that first asked; it may come again with another."""
    run: str
    """The run that is to be started."""
    recipes: list[str]
    custom_recipe: Any
    parameters: dict[str, Any]
    said: RequestHeaders
    """What its headers say."""
    extra: dict[str, Any] = field(default_factory=dict[str, Any])
    """Keys of the request that only filters know."""
    parent: str = ""
    """The run whose step asks; empty for a request of its own."""
    recipe: Recipe | None = None
    """What filters have put together; the other recipes' steps come after its own."""

    @property
    def wanted(self) -> str:
        """What is asked for, as a checksum: whatever names it or delays it left out."""
        parameters = {k: v for k, v in self.parameters.items() if k not in _OURS}
        content = [self.recipes, self.custom_recipe, parameters, self.extra]
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()

    def misspelt(self) -> dict[str, str]:
        """Return the keys that were meant, by those that nobody knows but are near."""
        known = list(RunRequest.model_fields)
        keys = [key for key in self.extra if len(key) <= _LONGEST_KEY][:_HINTS]
        near = {key: get_close_matches(key.lower(), known, 1, 0.8) for key in keys}
        return {key: found[0] for key, found in near.items() if found}


def read_request(message: Message) -> Request:
    """Return the request in a message's body; of a recipe message, in its payload.

    Raises:
        SchemaError: with every problem of its body and its headers.
    """
    problems: list[Problem] = []
    value = (
        Envelope.read(message).payload if message.is_recipe else decode(message.body)
    )
    said = _said(message.headers, problems)
    body = _body(value, problems)
    if problems or said is None or body is None:
        raise SchemaError("request", problems)
    return Request(
        id=as_id(message.headers.get(REQUEST) or message.id),
        run=run_id(body.parameters, message.headers.get(REQUEST) or message.id, said),
        recipes=body.recipes,
        custom_recipe=body.custom_recipe,
        parameters=body.parameters,
        said=said,
        extra=dict(body.model_extra or {}),
        parent=message.run if message.is_recipe else "",
    )


def run_id(
    parameters: Mapping[str, object],
    message_id: str,
    said: RequestHeaders | None = None,
) -> str:
    """Return the run that a request starts: its own ``guid``, if that can be a name.

    Otherwise it derives from the idempotency key, if the headers have one, or else from
    the message, so that a request delivered twice is one run.
    """
    given = parameters.get(GUID)
    if isinstance(given, str) and is_run_id(given):
        return given
    if said is not None and said.idempotency_key:
        return as_id(f"key/{said.idempotency_key}")
    return derived_id(as_id(message_id), "run")


def _said(headers: Mapping[str, str], problems: list[Problem]) -> RequestHeaders | None:
    try:
        return validated(RequestHeaders, headers, "request", "headers")
    except SchemaError as error:
        problems += error.problems
        return None


def _body(value: object, problems: list[Problem]) -> RunRequest | None:
    copy, found = plain(value)
    problems += found
    try:
        return validated(RunRequest, copy, "request") if not found else None
    except SchemaError as error:
        problems += error.problems
        return None
