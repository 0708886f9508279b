"""How busy a process is: the share of time in which it had something to do."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter


class Load:
    """Sums the time in which at least one message was being handled."""

    def __init__(self, timer: Callable[[], float] = perf_counter) -> None:
        self.count = 0
        """Messages that are being handled."""
        self._timer = timer
        self._busy_s = 0.0
        self._since = timer()
        self._began = self._since

    def enter(self, count: int) -> None:
        """Note that so many messages more are being handled."""
        if not self.count:
            self._since = self._timer()
        self.count += count

    def leave(self, count: int) -> None:
        """Note that so many are not any more."""
        self.count -= count
        if not self.count:
            self._busy_s += self._timer() - self._since

    def share(self) -> float:
        """Return the share, from 0 to 1, since it was last asked for."""
        now = self._timer()
        if self.count:
            self._busy_s += now - self._since
            self._since = now
        whole = now - self._began
        busy, self._busy_s, self._began = self._busy_s, 0.0, now
        return min(1.0, busy / whole) if whole > 0 else 0.0
