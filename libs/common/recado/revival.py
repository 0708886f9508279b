"""Revival: what a message that was given up carries when it is sent again.

It is the message as it was before it failed: the same id and bytes, and none of what the
failure, or a broker, wrote on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recado.events import RETRIED, Event, run_stream
from recado.ids import as_id, derived_id
from recado.message import ADOPTED, ATTEMPT, HISTORY, ID, LETTER, RETRIES

_OF_DEATHS: Final = frozenset(
    {
        "x-death",
        "x-delivery-count",
        "x-acquired-count",
        "recado-deaths",
        "redelivered",
        "scheduledjobid",
        "original-destination",
        "originalexpiration",
        "dlqdeliveryfailurecause",
    }
)
"""What brokers say of a death, or of one delivery, must not be said of the next."""
_OF_DELIVERIES: Final = frozenset(
    {
        "content-length",
        "destination",
        "expires",
        "message-id",
        "subscription",
        "timestamp",
    }
)
"""What a broker says of one delivery, in the words of STOMP."""
_PREFIXES: Final = ("x-first-death-", "x-last-death-")
_OF_FAILURES: Final = frozenset({LETTER, HISTORY, ATTEMPT})


def revived(headers: Mapping[str, str], message_id: str) -> dict[str, str]:
    """Return the headers of a dead letter's message, which is retried once more.

    Its run's account knows that it died, and is to be told that it lives again, by
    :func:`retried_event`.
    """
    retries = str(retries_of(headers) + 1)
    return {ID: message_id} | _without_failures(headers) | {RETRIES: retries}


def restored(headers: Mapping[str, str], message_id: str) -> dict[str, str]:
    """Return the headers of a message that died, and nobody was told of it.

    One that had no id gets one, and is adopted: nobody has counted it as sent.
    """
    own = {} if ID in headers else {ID: message_id, ADOPTED: "true"}
    return own | _without_failures(headers)


def retried_event(
    message_id: str, letter: str, run: str, queue: str, retries: int, at: float
) -> Event:
    """Return the event that a dead letter's message was sent again.

    ``letter`` is the dead letter's own id, ``retries`` how often that was done by now.
    """
    message = as_id(message_id)
    return Event(
        derived_id(message, f"retried/{retries}"),
        run_stream(run),
        RETRIED,
        {"message": message, "letter": letter, "queue": queue, "retries": retries},
        at,
    )


def moved(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a message that goes to another queue, unharmed."""
    return {
        name: value
        for name, value in without_deaths(headers).items()
        if name.lower() not in _OF_DELIVERIES
    }


def _without_failures(headers: Mapping[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in without_deaths(headers).items()
        if name.lower() not in _OF_FAILURES
    }


def without_deaths(headers: Mapping[str, str]) -> dict[str, str]:
    """Return headers without what brokers say of a message's deaths."""
    return {
        name: value
        for name, value in headers.items()
        if name.lower() not in _OF_DEATHS and not name.startswith(_PREFIXES)
    }


def retries_of(headers: Mapping[str, str]) -> int:
    """Return how often a message was retried; 0 if its header does not say."""
    text = headers.get(RETRIES, "")
    known = text.isascii() and text.isdecimal() and len(text) <= 9
    return int(text) if known else 0
