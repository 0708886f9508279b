"""The logbook: what each run was started from, told as events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any, Final

from recado.events import (
    EVENTS_QUEUE,
    RECIPE_STORED,
    RECIPE_STREAM,
    RUN_REFUSED,
    RUN_REPEATED,
    RUN_REQUESTED,
    RUN_WAITING,
    Event,
    append_message,
    run_stream,
)
from recado.ids import as_id, derived_id
from recado.letter import cleaned
from recado.message import Message, Outgoing, decode
from recado.outbox import Outbox
from recado.schemas.events import requested_id
from recado.starting import Prepared, Request
from recado_dispatcher.filtering import Note
from recado_dispatcher.waiting import NotYet, Waits

BODY_LIMIT: Final = 256 * 1024
"""Bytes of a request that are written down; of a larger one, how many it has."""
_HEADERS: Final = 50
_HEADER_LIMIT: Final = 1_000
_TEXT_LIMIT: Final = 2_000
_LARGE: Final = 64 * 1024
"""Bytes of a recipe that travels alone, since a message of many events has its limit."""


def write_start(
    outbox: Outbox,
    message: Message,
    request: Request,
    notes: Sequence[Note],
    prepared: Prepared,
    now: float,
) -> None:
    """Have it told what a run is started from: the request, its filters, its recipe.

    A recipe is an event of its own, by its content: the same one is stored once.
    """
    digest = sha256(prepared.encoded).hexdigest()
    size = len(message.body)
    data = {
        "request": request.id,
        "headers": _headers(message.headers),
        "body": decode(message.body) if size <= BODY_LIMIT else None,
        "body_bytes": size,
        "filters": [asdict(note) for note in notes],
        "recipe": digest,
    }
    id_, stream = requested_id(request.id), run_stream(request.run)
    outbox.events.append(Event(id_, stream, RUN_REQUESTED, data, now))
    id_, stream = derived_id(as_id(digest), "recipe"), f"{RECIPE_STREAM}{digest}"
    stored = Event(id_, stream, RECIPE_STORED, {"recipe": prepared.recipe.raw}, now)
    if len(prepared.encoded) <= _LARGE and size <= _LARGE:
        outbox.events.append(stored)
    else:
        outbox.outgoing.append(
            Outgoing(EVENTS_QUEUE, append_message([stored], request.id))
        )


def write_wait(outbox: Outbox, waits: Waits, request: Request, reason: NotYet) -> None:
    """Have it told that a run waits, and for what."""
    data = _who(request) | {
        "why": reason.why,
        "text": cleaned(reason.text[:_TEXT_LIMIT]),
        "until": reason.until,
        "recipes": request.recipes,
        "request": request.id,
    }
    key = f"waiting {waits.times}"
    outbox.emit(run_stream(request.run), RUN_WAITING, data, key=key)


def write_repeat(outbox: Outbox, request: Request, run: str) -> None:
    """Have it told to a run that it was asked for once more, with the same key."""
    data = _who(request) | {
        "key": request.said.idempotency_key,
        "request": request.id,
    }
    outbox.emit(run_stream(run), RUN_REPEATED, data, key="repeated")


def refusal(
    request: Request, text: str, retries: str, now: float, type_: str = RUN_REFUSED
) -> Event:
    """Return the event that a request starts no run; each time that it was given up."""
    data = _who(request) | {
        "text": cleaned(text[:_TEXT_LIMIT]),
        "recipes": request.recipes,
        "request": request.id,
    }
    id_ = derived_id(request.id, f"refused/{retries}")
    return Event(id_, run_stream(request.run), type_, data, now)


def _who(request: Request) -> dict[str, Any]:
    known = {"user": request.said.user, "parent": request.parent}
    return {key: value[:_HEADER_LIMIT] for key, value in known.items() if value}


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    first = list(headers.items())[:_HEADERS]
    return {name: cleaned(value[:_HEADER_LIMIT]) for name, value in first}
