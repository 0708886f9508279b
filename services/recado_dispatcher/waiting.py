"""Requests that have to wait: each comes again as a copy, and uses up no attempt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from recado.errors import Problem, SchemaError
from recado.ids import derived_id
from recado.message import (
    ADOPTED,
    ATTEMPT,
    HISTORY,
    ID,
    LETTER,
    PARENT,
    Message,
    Outgoing,
    decode,
    encode,
)
from recado.recipe.reading import MAX_DELAY_S
from recado.schemas.dispatch import (
    DISPATCHER_QUEUE,
    REQUEST,
    START_AT,
    WAITS,
    RequestHeaders,
)
from recado.starting import Request

Why: TypeAlias = Literal["scheduled", "not_ready", "limit", "no_store", "no_registry"]

FIRST_WAIT_S: Final = 2.0
_GROWTH: Final = 1.5
_LONGEST_WAIT_S: Final[dict[Why, float]] = {
    # A day at a time: not every broker holds a message back for longer.
    "scheduled": 86_400.0,
    "not_ready": 10.0,
    "limit": 10.0,
    "no_store": 30.0,
    "no_registry": 30.0,
}
_DROPPED: Final = frozenset({ADOPTED, ATTEMPT, HISTORY, LETTER, WAITS})
_MOST: Final = 1_000_000


class NotYet(Exception):  # noqa: N818 - a verdict, not a fault
    """Raised for a request that cannot be started now, and is not at fault."""

    def __init__(
        self,
        why: Why,
        text: str,
        *,
        until: float | None = None,
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.why: Why = why
        self.text = text
        self.until = until
        """When it waits no longer, in seconds since the epoch; none if nobody knows."""
        self.parameters = dict(parameters or {})
        """Parameters that the request comes again with, beside its own."""
        super().__init__(text)


@dataclass(frozen=True, slots=True)
class Waits:
    """How often a request came again so far, and why it did the last time."""

    times: int = 0
    why: str = ""

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Waits:
        """Return what the headers say; a new beginning if that cannot be read."""
        times, _, why = headers.get(WAITS, "").partition(" ")
        known = times.isascii() and times.isdecimal() and len(times) < 9
        return cls(min(int(times), _MOST), why[:20]) if known else cls()

    def wait_s(self, reason: NotYet, now: float) -> float:
        """Return how long to wait this time: longer each time, as far as that is known."""
        longest = _LONGEST_WAIT_S[reason.why]
        if reason.why == "scheduled" and reason.until is not None:
            return min(max(0.0, reason.until - now), longest)
        times = self.times if self.why == reason.why else 0
        return float(min(longest, FIRST_WAIT_S * _GROWTH ** min(times, 20)))

    def header(self, reason: NotYet) -> dict[str, str]:
        """Return what the next copy carries."""
        return {WAITS: f"{self.times + 1} {reason.why}"}


def check_due(said: RequestHeaders, now: float) -> None:
    """Let a request pass if it is time for it.

    Raises:
        NotYet: if it is to be started later.
        SchemaError: if that is later than anything may be.
    """
    if said.start_at is None or said.start_at <= now:
        return
    if said.start_at > now + MAX_DELAY_S:
        text = f"is more than {MAX_DELAY_S // 86_400} days ahead: {said.start_at:.0f}"
        raise SchemaError("request", [Problem(f"headers.{START_AT}", text)])
    raise NotYet("scheduled", "is to be started later", until=said.start_at)


def again(message: Message, request: Request, reason: NotYet, now: float) -> Outgoing:
    """Return the copy of a request that comes again.

    It has the same id and bytes, unless a step of a run asks: that run counts its
    messages, so the copy is one more of them.
    """
    waits = Waits.read(message.headers)
    headers = {k: v for k, v in message.headers.items() if k not in _DROPPED}
    headers |= {ID: message.id, REQUEST: request.id} | waits.header(reason)
    if message.is_recipe:
        headers |= {ID: derived_id(message.id, "again"), PARENT: message.id}
    copy = Message(_body(message, reason.parameters), headers)
    return Outgoing(
        DISPATCHER_QUEUE, copy, waits.wait_s(reason, now), request.said.priority
    )


def _body(message: Message, parameters: Mapping[str, Any]) -> bytes:
    if not parameters:
        return message.body
    body: Any = decode(message.body)
    asked = body["payload"] if message.is_recipe else body
    asked["parameters"] = {**asked.get("parameters", {}), **parameters}
    return encode(body)
