"""Assignment by completion: the next participant goes to the row that fewest are in.

A row is what squares and tables give a participant: those whose numbers are a period apart
share one. Whoever is abandoned does not count, so their row is filled by somebody else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from itertools import count


def row_of(participant: int, period: int) -> int:
    """Return a participant's row, from 0."""
    return (participant - 1) % period


def least_filled(counted: Iterable[int], period: int) -> int:
    """Return the row that fewest participants are in, the first of several."""
    filled = Counter(row_of(each, period) for each in counted)
    if len(filled) < period:  # which may be huge: not all rows are looked at
        return next(row for row in count() if row not in filled)
    return min(filled, key=lambda row: (filled[row], row))


def unused(row: int, period: int, known: Collection[int]) -> int:
    """Return the lowest number in a row that no participant has had."""
    return next(each for each in count(row + 1, period) if each not in known)
