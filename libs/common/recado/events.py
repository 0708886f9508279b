"""Events: facts, appended to a stream at a version and, over all streams, a position.

An event's id derives from the message that it tells of, so that a message handled twice
tells the same events, and the event store writes each id once.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from recado.errors import Problem, SchemaError
from recado.ids import as_id, checksum, derived_id
from recado.message import ADOPTED, ID, RETRIES, TYPE, Message, encode

EVENTS_QUEUE: Final = "events"
APPEND: Final = "events.append/1"

RUN_STREAM: Final = "run-"
STREAM_PATTERN: Final = r"[A-Za-z0-9_][A-Za-z0-9_.:@/+-]{0,199}"
TYPE_PATTERN: Final = r"[A-Za-z][A-Za-z0-9_.:/-]{0,99}"

KEY_STREAM: Final = "key-"
RECIPE_STREAM: Final = "recipe-"

RUN_WAITING: Final = "run.waiting"
RUN_REFUSED: Final = "run.refused"
RUN_REPEATED: Final = "run.repeated"
RUN_ADMITTED: Final = "run.admitted"
RUN_REQUESTED: Final = "run.requested"
RUN_STARTED: Final = "run.started"
RUN_FINISHED: Final = "run.finished"
STUDY_REQUESTED: Final = "study.requested"
STUDY_EXPANDED: Final = "study.expanded"
HANDLED: Final = "message.handled"
FAILED: Final = "message.failed"
DEAD: Final = "message.dead"
RETRIED: Final = "message.retried"
FAILURE_TOLD: Final = "failure.told"
KEY_CLAIMED: Final = "key.claimed"
RECIPE_STORED: Final = "recipe.stored"

_RUN_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,100}").fullmatch


@dataclass(frozen=True, slots=True)
class Event:
    """A fact of a stream: its id, type and data, and when it happened.

    ``at`` is seconds since the epoch. ``version`` counts from 1 within the stream,
    ``position`` over all streams; both are 0 until the event is stored.
    """

    id: str
    stream: str
    type: str
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    at: float = 0.0
    version: int = 0
    position: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the event as it stands in a message: without version and position."""
        return {
            "id": self.id,
            "stream": self.stream,
            "type": self.type,
            "at": self.at,
            "data": self.data,
        }


def run_stream(run: str) -> str:
    """Return the name of the stream that holds a run's events.

    A run id that cannot stand in a name, as others may choose it, is told under the id
    that derives from it.
    """
    return RUN_STREAM + (run if is_run_id(run) else as_id(run))


def is_run_id(run: str) -> bool:
    """Whether a text can be a run id: 1 to 100 letters, digits, dots, lines and dashes."""
    return _RUN_ID(run) is not None


def named(stream: str, type_: str) -> None:
    """Let an event's stream and type pass.

    Raises:
        SchemaError: for a name that the event store would refuse.
    """
    problems = [
        Problem(what, f"{value!r} is not a {what}'s name; want {pattern}")
        for what, value, pattern in (
            ("stream", stream, STREAM_PATTERN),
            ("type", type_, TYPE_PATTERN),
        )
        if not re.fullmatch(pattern, value)
    ]
    if problems:
        raise SchemaError("event", problems)


def outcome_id(message_id: str, retries: str) -> str:
    """Return the id of the event that ends a message: handled, or dead.

    There is one for each time that a dead letter was retried, so that of two instances
    which both believe to have ended a message, only the first is written down.
    """
    return derived_id(message_id, f"outcome/{retries}")


def counted_by_itself(message: Message) -> tuple[int, int]:
    """Return what a message's end adds to what its run has sent: a number, a checksum.

    Nobody counted an adopted message when it was sent, so its first end does. After that
    it is counted: a dead letter that was sent back is not sent a second time.
    """
    headers = message.headers
    if ADOPTED not in headers or headers.get(RETRIES, "0") != "0":
        return 0, 0
    return 1, checksum(as_id(message.id))


def append_message(events: Sequence[Event], cause: str) -> Message:
    """Return the message that asks the event store to append events, in order.

    Its id derives from ``cause``, or from the first event if that is empty.
    """
    parent = cause or events[0].id
    encoded = [encode(event.to_json()) for event in events]
    return append_encoded(encoded, derived_id(parent, "events"))


def append_encoded(events: Sequence[bytes], id_: str) -> Message:
    """Return such a message, with an id, for events that are encoded already."""
    body = b'{"events":[' + b",".join(events) + b"]}"
    return Message(body, {ID: id_, TYPE: APPEND})
