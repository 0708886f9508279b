"""Limits: when to stop taking from a queue, and how fast to go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

WINDOW: Final = 200
"""Messages in hand at a time, at most."""
_COUNTED: Final = 20
"""The same where only some are wanted: what is too many goes back, to the queue's end."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When to stop, and how fast to go.

    ``idle_s`` is how long to wait for more; for ever if it is 0, and only until the queue
    is empty if it is none.
    """

    most: int | None = None
    pace_s: float = 0.0
    idle_s: float | None = None

    @property
    def window(self) -> int:
        """How many messages to hold at a time: what goes within about two seconds."""
        paced = int(2 / self.pace_s) + 1 if self.pace_s else WINDOW
        counted = min(self.most, _COUNTED) if self.most else WINDOW
        return min(paced, WINDOW, counted)
