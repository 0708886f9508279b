"""Deaths: where and when a message was given up, in the words of recado and of brokers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal, TypeAlias

from recado.errors import SchemaError
from recado.letter import Letter
from recado.message import LETTER, Message

Wording: TypeAlias = Literal["amqp", "stomp"]
"""Whose words tell of a death: RabbitMQ's or ActiveMQ's."""

_DEATHS: Final = "x-death"
_FIRST: Final = "x-first-death-"
_ORIGIN: Final = "original-destination"
_REASON: Final = "dlqDeliveryFailureCause"
_ON_THE_WAY: Final = ("dlq.", "recado.delay.", "recado.hold.")
"""Queues that a message may die in on its way, and that it was never sent to."""
_FOR_ALL: Final = ("ActiveMQ.DLQ", "dlq")
_LATEST: Final = 32_503_680_000.0
"""The year 3000: a time behind it, or before 1970, is none."""


@dataclass(frozen=True, slots=True)
class Death:
    """Where a message died, and when; ``place`` is where it lay afterwards."""

    queue: str
    at: float
    """Seconds since the epoch."""
    reason: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a message was sent to before it died."""

    name: str
    is_topic: bool = False


def death_of(message: Message, place: str, now: float) -> Death:
    """Return the death that a message's headers tell of; ``place`` is where it lies now."""
    headers = message.headers
    letter = _letter(headers)
    if letter is not None:
        return Death(letter.queue, _time(letter.at, now), letter.reason, place)
    told = destination(headers)
    queue = told.name if told and not told.is_topic else _below(place)
    deaths = _deaths(headers.get(_DEATHS))
    at = _moment(deaths[0].get("time")) if deaths else _stamp(headers)
    reason = deaths[0].get("reason") if deaths else headers.get(_REASON)
    return Death(queue, _time(at, now), str(reason or ""), place)


def destination(headers: Mapping[str, Any]) -> Destination | None:
    """Return where a message was sent to before it died; none if nothing tells."""
    letter = _letter(headers)
    if letter is not None and letter.queue:
        return Destination(letter.queue)
    return _told_by_amqp(headers) or _told_by_stomp(headers)


def words(message: Message, death: Death, wording: Wording) -> dict[str, Any]:
    """Return what a broker would write of a death on the message."""
    said = _amqp_words if wording == "amqp" else _stomp_words
    return said(message, death)


def _amqp_words(message: Message, death: Death) -> dict[str, Any]:
    said: dict[str, Any] = {
        name: it for name, it in message.headers.items() if name.startswith(_FIRST)
    }
    if deaths := _deaths(message.headers.get(_DEATHS)):
        said[_DEATHS] = [{**each, "time": _moment(each.get("time"))} for each in deaths]
    elif death.queue:
        said[_DEATHS] = [
            {
                "count": 1,
                "exchange": "",
                "queue": death.queue,
                "reason": death.reason or "rejected",
                "routing-keys": [death.queue],
                "time": death.at,
            }
        ]
    return {
        **said,
        "delivery_mode": 2,
        "exchange": "",
        "message-id": message.id,
        "redelivered": False,
        "routing_key": death.place,
    }


def _stomp_words(message: Message, death: Death) -> dict[str, Any]:
    told = message.headers
    origin = told.get(_ORIGIN) or (f"/queue/{death.queue}" if death.queue else "")
    reason = told.get(_REASON) or death.reason
    return {
        "destination": f"/queue/{death.place or death.queue}",
        "message-id": message.id,
        "timestamp": str(int(death.at * 1000)),
        **({_ORIGIN: origin} if origin else {}),
        **({_REASON: reason} if reason else {}),
    }


def _told_by_amqp(headers: Mapping[str, Any]) -> Destination | None:
    queues = [each.get("queue") for each in _deaths(headers.get(_DEATHS))]
    queues.append(headers.get(f"{_FIRST}queue"))
    for queue in queues:
        if isinstance(queue, str) and queue and not queue.startswith(_ON_THE_WAY):
            return Destination(queue)
    return None


def _told_by_stomp(headers: Mapping[str, Any]) -> Destination | None:
    text = str(headers.get(_ORIGIN) or headers.get("destination") or "")
    _, kind, name = [*text.split("/", 2), "", ""][:3]
    if kind not in ("queue", "topic") or not (name := _below(name)):
        return None
    return Destination(name, is_topic=kind == "topic")


def _below(place: str) -> str:
    """Return the queue whose dead letters lie in a place; none for a place of all."""
    for prefix in ("DLQ.", "dlq."):
        if place.startswith(prefix):
            return place.removeprefix(prefix)
    return "" if place in _FOR_ALL else place


def _letter(headers: Mapping[str, Any]) -> Letter | None:
    # Of a dump somebody may have changed anything.
    if not isinstance(headers.get(LETTER), str):
        return None
    try:
        return Letter.read(headers)
    except SchemaError:
        return None


def _deaths(told: Any) -> list[dict[str, Any]]:
    """Return the deaths of a list, or of its JSON text; the newest first."""
    if isinstance(told, str):
        try:
            told = json.loads(told)
        except (ValueError, RecursionError):  # Zocalo makes a Python text of it
            return []
    value: list[Any] = told if told.__class__ is list else []
    deaths: list[dict[str, Any]] = [each for each in value if isinstance(each, dict)]
    return deaths


def _moment(told: object) -> float | None:
    """Return a time in seconds since the epoch, of a number or of a date's text."""
    if isinstance(told, int | float) and not isinstance(told, bool):
        return float(told)
    try:
        at = datetime.fromisoformat(str(told))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def _stamp(headers: Mapping[str, str]) -> float | None:
    text = headers.get("timestamp", "")
    short = text.isascii() and text.isdecimal() and len(text) < 16
    return int(text) / 1000 if short else None


def _time(told: float | None, now: float) -> float:
    return told if told is not None and 0 <= told < _LATEST else now
