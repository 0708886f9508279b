"""What a run is told of its messages: which were handled, and which attempts failed.

Every event is encoded when its message ends, not when the report is sent: what has no
JSON form is then the fault of that one message.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from recado.events import (
    EVENTS_QUEUE,
    FAILED,
    HANDLED,
    Event,
    append_encoded,
    counted_by_itself,
    outcome_id,
    run_stream,
)
from recado.ids import checksum, derived_id, new_id
from recado.message import ADOPTED, RETRIES, Message, Outgoing, encode
from recado.runtime.judge import Attempt, Place, Retry

EVENTS_IN_ONE: Final = 200
"""Events in one message to the event store, at most."""

Sent: TypeAlias = tuple[int, int]
"""How many messages of a run were sent, and the XOR of their checksums."""


def told(events: Iterable[Event]) -> list[bytes]:
    """Return events as they stand in a report."""
    return [encode(event.to_json()) for event in events]


def handled(
    place: Place,
    message: Message,
    attempt: int,
    run: str,
    step: int | None,
    sent: Sent,
    *,
    at: float,
    ms: float,
) -> bytes:
    """Return the event that a run's message was handled, encoded."""
    children, sum_ = sent
    if ADOPTED in message.headers:
        itself, own = counted_by_itself(message)
        children, sum_ = children + itself, sum_ ^ own
    return encode(
        {
            "id": outcome_id(message.id, message.headers.get(RETRIES, "0")),
            "stream": run_stream(run),
            "type": HANDLED,
            "at": at,
            "data": {
                "message": message.id,
                "queue": place.queue,
                "service": place.service,
                "instance": place.instance,
                "step": step,
                "attempt": attempt,
                "children": children,
                "checksum": format(sum_, "016x"),
                "ms": round(ms, 3),
            },
        }
    )


def failed(attempt: Attempt, verdict: Retry) -> bytes:
    """Return the event that an attempt failed and the message comes back, encoded."""
    message = attempt.message
    retries = message.headers.get(RETRIES, "0")
    data: dict[str, Any] = {
        "message": message.id,
        "queue": attempt.place.queue,
        "service": attempt.place.service,
        "instance": attempt.place.instance,
        "step": attempt.step,
        "attempt": attempt.number,
        "allowed": attempt.place.policy.allowed,
        "error": verdict.error,
        "retry_in_s": round(verdict.after_s, 3),
    }
    id_ = derived_id(message.id, f"failed/{retries}/{attempt.number}")
    event = Event(id_, run_stream(attempt.run), FAILED, data, attempt.at)
    return encode(event.to_json())


def sent_within(run: str, outgoing: Sequence[Outgoing]) -> Sent:
    """Return how many messages to queues belong to a run, and their checksums' XOR.

    A handler that takes envelopes as they are may start other runs, which count their
    own messages.
    """
    count = sum_ = 0
    for each in outgoing:
        message = each.message
        is_told = message.is_recipe and not each.is_topic
        if is_told and message.run == run and ADOPTED not in message.headers:
            count += 1
            sum_ ^= checksum(message.id)
    return count, sum_


def messages(events: Sequence[bytes]) -> list[Outgoing]:
    """Return the messages that bring encoded events to the event store.

    Their ids need not derive from anything: the event store writes each event once.
    """
    return [
        Outgoing(EVENTS_QUEUE, append_encoded(part, new_id()))
        for first in range(0, len(events), EVENTS_IN_ONE)
        if (part := events[first : first + EVENTS_IN_ONE])
    ]
