"""Revival: what a message that was given up carries when it is sent again.

It is the message as it was before it failed: the same id and bytes, and none of what the
failure, or a broker, wrote on it. How often that was done is counted on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recado.message import ATTEMPT, HISTORY, ID, LETTER, RETRIES

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
_OF_FAILURES: Final = frozenset({LETTER, HISTORY, ATTEMPT, RETRIES})


def revived(headers: Mapping[str, str], message_id: str) -> dict[str, str]:
    """Return the headers of a message that is sent again, one retry more than before."""
    kept = {
        name: value
        for name, value in without_deaths(headers).items()
        if name.lower() not in _OF_FAILURES
    }
    return {ID: message_id} | kept | {RETRIES: str(retries_of(headers) + 1)}


def moved(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers of a message that goes to another queue, unharmed."""
    return {
        name: value
        for name, value in without_deaths(headers).items()
        if name.lower() not in _OF_DELIVERIES
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
