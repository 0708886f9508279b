"""A clock that stands still until it is moved."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count


@dataclass(slots=True, order=True)
class VirtualTimer:
    """A call that is due when the clock has been moved so far."""

    due: float
    order: int
    callback: Callable[[], object] = field(compare=False)
    is_cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        """Have the call not happen."""
        self.is_cancelled = True


class VirtualClock:
    """Tells a time that only changes when it is told to, and calls back as it passes."""

    def __init__(self, now: float = 1_700_000_000.0) -> None:
        self.now = now
        self._timers: list[VirtualTimer] = []
        self._order = count()

    def __call__(self) -> float:
        """Return the seconds since the epoch."""
        return self.now

    def call_later(
        self, delay_s: float, callback: Callable[[], object]
    ) -> VirtualTimer:
        """Call back once, when so much time has passed."""
        due = self.now + max(0.0, delay_s)
        timer = VirtualTimer(due, next(self._order), callback)
        heapq.heappush(self._timers, timer)
        return timer

    def next_due(self) -> float | None:
        """Return when the next call is due; none if there is none."""
        while self._timers and self._timers[0].is_cancelled:
            heapq.heappop(self._timers)
        return self._timers[0].due if self._timers else None

    def move_to(self, when: float) -> None:
        """Move on to a time, and make the calls that are due by then."""
        while (due := self.next_due()) is not None and due <= when:
            timer = heapq.heappop(self._timers)
            self.now = max(self.now, due)
            timer.callback()
        self.now = max(self.now, when)
