"""When a message comes again, and when not: the policy, and what a handler may raise."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Any, Final


class Reject(Exception):  # noqa: N818 - a verdict, not a fault
    """Raised by a handler to give a message up at once; goes to the dead letters."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class RetryLater(Exception):  # noqa: N818 - a verdict, not a fault
    """Raised by a handler to see the message again after a time; counts as an attempt."""

    def __init__(self, after_s: float, reason: str = "") -> None:
        self.after_s = after_s
        self.reason = reason
        super().__init__(reason or f"asked to come again in {after_s:g} s")


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often a message is tried, and how long it waits in between.

    The wait before attempt n + 1 is ``first_s * factor ** (n - 1)``, at most ``cap_s``,
    less a random share of up to ``jitter`` of it.
    """

    attempts: int = 5
    first_s: float = 1.0
    factor: float = 2.0
    cap_s: float = 300.0
    jitter: float = 0.5

    def __post_init__(self) -> None:
        wrong = [
            text
            for text, bad in (
                (
                    f"attempts must be at least 1, not {self.attempts}",
                    self.attempts < 1,
                ),
                (f"first_s must not be negative: {self.first_s}", self.first_s < 0),
                (f"factor must be at least 1, not {self.factor}", self.factor < 1),
                (
                    f"jitter must be from 0 to 1, not {self.jitter}",
                    not 0 <= self.jitter <= 1,
                ),
            )
            if bad
        ]
        if wrong:
            raise ValueError("; ".join(wrong))

    def delay_s(self, attempt: int, chance: float) -> float:
        """Return the seconds to wait after a failed attempt; ``chance`` is in [0, 1)."""
        exponent = min(attempt - 1, 64)
        full = min(self.cap_s, self.first_s * self.factor**exponent)
        return full * (1.0 - self.jitter * chance)

    def to_json(self) -> dict[str, Any]:
        """Return the policy as it is shown by ``recado status``."""
        return {
            "attempts": self.attempts,
            "first_s": self.first_s,
            "factor": self.factor,
            "cap_s": self.cap_s,
        }

    @property
    def allowed(self) -> int:
        """How many attempts there are; 0 for any number."""
        return 0 if self.attempts == sys.maxsize else self.attempts


FOREVER: Final = RetryPolicy(attempts=sys.maxsize, cap_s=60.0)
"""Tried until it works; only the transport's ceiling ends it, and not on ``dlq``."""
