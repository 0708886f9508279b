"""How long to wait before a process that ended is started again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """Doubling waits; one long life, and they begin anew."""

    first_s: float = 0.1
    longest_s: float = 30.0
    long_life_s: float = 10.0

    def after(self, former_s: float, lived_s: float) -> float:
        """Return the wait that follows on a life; ``former_s`` is the wait before it."""
        if lived_s >= self.long_life_s or former_s <= 0:
            return self.first_s
        return min(former_s * 2, self.longest_s)
