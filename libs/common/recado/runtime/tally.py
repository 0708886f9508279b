"""What became of the messages that were taken: counts, by queue and outcome."""

from __future__ import annotations

from collections import Counter
from typing import get_args

from recado.runtime.ending import Ending, Outcome


class Tally:
    """Counts endings, once the broker knows of them."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, Outcome]] = Counter()

    def of(self, queue: str) -> dict[str, int]:
        """Return the counts of a queue, by outcome; those that are 0 as well."""
        return {each: self._counts[queue, each] for each in get_args(Outcome)}

    def add(self, ending: Ending) -> None:
        """Count one more."""
        self._counts[ending.delivery.queue, ending.outcome] += 1

    def total(self, outcome: Outcome) -> int:
        """Return the count of an outcome over all queues."""
        return sum(
            count for (_, each), count in self._counts.items() if each == outcome
        )
