"""What a message tells as it comes: whose it is, how often it was tried, if it is late."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from recado.message import ID, NORMAL
from recado.transport.copies import received
from recado.transport.rabbitmq import death
from recado.transport.rabbitmq.frames import as_text

EXPIRES: Final = "recado-expires"
"""When a message is late, in seconds since the epoch: RabbitMQ's own expiry would make a
dead letter of it."""
HOLD: Final = "recado-hold"
"""Which of the deliveries of a process a held copy stands for."""
_TRUSTED_COUNT: Final = 3
"""Crashes that RabbitMQ may count before a copy begins anew, far from any limit."""


@dataclass(frozen=True, slots=True)
class Received:
    """What is known of a message that has come."""

    headers: dict[str, str]
    attempt: int
    is_suspect: bool
    is_foreign: bool
    """Whether it has no id: it was sent by somebody else."""
    is_due_for_copy: bool
    """Whether RabbitMQ cannot, or should not, count its crashes any further."""
    expires: str
    hold: str

    def is_late(self, now: float) -> bool:
        """Whether nobody wants it any more."""
        if not self.expires:
            return False
        try:
            return float(self.expires) < now
        except ValueError:
            return False


def read(told: Mapping[str, Any], queue: str, *, redelivered: bool) -> Received:
    """Return what a message's headers tell of it."""
    headers, attempt, marked = received(
        {name: as_text(value) for name, value in death.seen(told, queue).items()}
    )
    crashes, is_counted = 0, True
    if redelivered or not death.COUNTS.isdisjoint(told):
        crashes, is_counted = _crashes(told, redelivered)
    return Received(
        headers,
        attempt + crashes,
        marked or crashes > 0,
        is_foreign=ID not in headers,
        is_due_for_copy=not is_counted or crashes >= _TRUSTED_COUNT,
        expires=headers.pop(EXPIRES, ""),
        hold=headers.pop(HOLD, ""),
    )


def _crashes(told: Mapping[str, Any], redelivered: bool) -> tuple[int, bool]:
    """Return how often the message was held in vain, and if the broker counts that.

    ``x-acquired-count`` (RabbitMQ 4.3) is of all deliveries, ``x-delivery-count`` of
    those that failed. A classic queue only tells that there was one.
    """
    for name in ("x-acquired-count", "x-delivery-count"):
        count = told.get(name)
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            return count, True
    return int(redelivered), not redelivered


def priority(told: int | None) -> int:
    """Return a message's priority, within our bounds; normal if it tells none."""
    return NORMAL if told is None else min(told, 9)
