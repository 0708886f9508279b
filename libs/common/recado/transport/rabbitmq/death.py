"""Deaths: what RabbitMQ writes on messages that it dead-letters itself.

Waiting for a delay is a death for RabbitMQ, and so is the way back from a queue of held
messages; neither is anybody's business. Sent on, such headers would lie: RabbitMQ adds to
what it finds, and drops a message that seems to go in circles. So handlers see them on
dead letters alone, recado's in ``dlq`` and those that RabbitMQ puts into a queue for the dead
of another (``dlq.resize``), and no message is sent with the list of its deaths.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from recado.transport.base import DEAD_LETTERS
from recado.transport.rabbitmq.frames import as_text

LIST: Final = "x-death"
KEPT: Final = "recado-deaths"
"""The list's name on its way from one place among dead letters to another."""
COUNTS: Final = frozenset({"x-delivery-count", "x-acquired-count"})
_FACTS: Final = ("queue", "reason", "exchange")
_FIRST: Final = tuple(f"x-first-death-{fact}" for fact in _FACTS)
_LAST: Final = tuple(f"x-last-death-{fact}" for fact in _FACTS)
_BROKERS: Final = frozenset({LIST, *_FIRST, *_LAST, *COUNTS})
_NOT_SENT: Final = _BROKERS | {"CC", "BCC"}
"""RabbitMQ would send copies to what the last two name, and closes the channel over text."""
_OWN: Final = ("recado.delay.", "recado.hold.")


def are_dead(queue: str) -> bool:
    """Whether a queue's messages are dead letters, by its name."""
    return queue == DEAD_LETTERS or queue.startswith(f"{DEAD_LETTERS}.")


def seen(headers: Mapping[str, Any], queue: str) -> dict[str, Any]:
    """Return the headers that whoever takes a message of a queue sees."""
    if _BROKERS.isdisjoint(headers) and KEPT not in headers:
        return dict(headers)
    own = {name: it for name, it in headers.items() if name not in _BROKERS}
    if not are_dead(queue):
        own.pop(KEPT, None)
        return own
    told = {name: headers[name] for name in (*_FIRST, *_LAST) if name in headers}
    deaths = _deaths(headers.get(LIST))
    if deaths:
        told = {
            **dict(zip(_FIRST, _facts(deaths[-1]), strict=True)),
            **dict(zip(_LAST, _facts(deaths[0]), strict=True)),
        }
        own[LIST] = json.dumps(deaths, default=as_text)
    if KEPT in own:
        own[LIST] = own.pop(KEPT)
    return {**own, **told}


def sendable(headers: Mapping[str, str], queue: str) -> Mapping[str, str]:
    """Return the headers that a message to a queue may be sent with."""
    if _NOT_SENT.isdisjoint(headers):
        return headers
    sent = {name: it for name, it in headers.items() if name not in _NOT_SENT}
    if are_dead(queue):
        told = {name: headers[name] for name in (*_FIRST, *_LAST) if name in headers}
        kept = {KEPT: headers[LIST]} if LIST in headers else {}
        sent = {**sent, **told, **kept}
    return sent


def _deaths(told: Any) -> list[dict[str, Any]]:
    """Return the deaths that somebody else may want to know of, the newest first."""
    value: list[Any] = told if told.__class__ is list else []
    deaths: list[dict[str, Any]] = [each for each in value if isinstance(each, dict)]
    return [each for each in deaths if not str(each.get("queue")).startswith(_OWN)]


def _facts(death: Mapping[str, Any]) -> list[str]:
    return [as_text(death.get(fact)) for fact in _FACTS]
