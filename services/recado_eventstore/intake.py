"""From messages and requests to appends: what is wrong with them is found before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from recado.errors import Problem, SchemaError
from recado.events import APPEND
from recado.message import TYPE, Message, decode
from recado.schemas.events import AppendBatch, AppendRequest, NewEvent
from recado.validation import problems_of
from recado_eventstore.store import Append


def append_of_messages(messages: Sequence[Message]) -> Append:
    """Return the one append of all the events in messages of the queue ``events``.

    Raises:
        SchemaError: with every problem of the first message that has any.
    """
    return Append.of([event for message in messages for event in _events(message)])


def sound_part(message: Message) -> Append:
    """Return the append of those events of a message that nothing is wrong with.

    A message brings what many others told: one event that cannot be used is no reason to
    keep the rest back.
    """
    sound: list[NewEvent] = []
    for each in _listed(message):
        try:
            event = NewEvent.model_validate(each)
            Append.of([event])
        except (ValidationError, SchemaError):
            continue
        sound.append(event)
    return Append.of(sound)


def append_of_request(request: AppendRequest) -> Append:
    """Return the append that a request asks for.

    Raises:
        SchemaError: for data that a run's account cannot use.
    """
    return Append.of(request.events, request.expect)


def _listed(message: Message) -> list[Any]:
    if message.headers.get(TYPE) != APPEND:
        return []
    try:
        body = decode(message.body)
        return list(body["events"])
    except (SchemaError, TypeError, KeyError):
        return []


def _events(message: Message) -> list[NewEvent]:
    type_ = message.headers.get(TYPE, "")
    if type_ != APPEND:
        text = f"must be {APPEND!r} on this queue, not {type_!r}"
        raise SchemaError("events", [Problem(f"headers.{TYPE}", text)])
    try:
        # Checked while it is read: half the time of one after the other.
        return AppendBatch.model_validate_json(message.body).events
    except ValidationError as error:
        raise SchemaError("events", problems_of(error, AppendBatch)) from None
