"""The order of the items in each row, chosen so that few lines cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final

Neighbours = Mapping[int, Sequence[int]]

_SWEEPS: Final = 6
_MAX_COUNTED: Final = 50_000
"""Lines between two rows whose crossings are counted; of more, nobody sees them."""


def ordered(
    rows: Sequence[Sequence[int]], segments: Iterable[tuple[int, int]]
) -> list[list[int]]:
    """Return the rows, their items put where their neighbours are on average.

    Rows are gone through downwards and upwards in turns, until that makes nothing better;
    the best order is kept.
    """
    above, below = _neighbours(rows, segments)
    best = order = _first(rows, below)
    fewest = crossings(best, below)
    for _ in range(_SWEEPS):
        before = fewest
        for neighbours, downwards in ((above, True), (below, False)):
            order = _swept(order, neighbours, downwards)
            count = crossings(order, below)
            if count < fewest:
                best, fewest = order, count
        if fewest == before:
            break
    return best


def crossings(rows: Sequence[Sequence[int]], below: Neighbours) -> int:
    """Return how often lines between adjacent rows cross."""
    return sum(_crossings(upper, lower, below) for upper, lower in pairwise(rows))


def _crossings(upper: Sequence[int], lower: Sequence[int], below: Neighbours) -> int:
    place = {item: index for index, item in enumerate(lower)}
    ends: list[int] = []
    count = 0
    for item in upper:
        targets = sorted(place[each] for each in below.get(item, ()))
        if len(ends) + len(targets) > _MAX_COUNTED:
            break
        count += sum(len(ends) - bisect_right(ends, target) for target in targets)
        for target in targets:
            insort(ends, target)
    return count


def _neighbours(
    rows: Sequence[Sequence[int]], segments: Iterable[tuple[int, int]]
) -> tuple[dict[int, list[int]], dict[int, list[int]]]:
    row = {item: index for index, items in enumerate(rows) for item in items}
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for upper, lower in segments:
        # What has no place in the rows between pulls nothing.
        if row[lower] == row[upper] + 1:
            below.setdefault(upper, []).append(lower)
            above.setdefault(lower, []).append(upper)
    return above, below


def _first(rows: Sequence[Sequence[int]], below: Neighbours) -> list[list[int]]:
    """Return the rows in the order of a walk down: a tree comes out without a crossing."""
    seen: dict[int, None] = {}
    for root in (item for row in rows for item in row):
        waiting = [root]
        while waiting:
            item = waiting.pop()
            if item not in seen:
                seen[item] = None
                waiting.extend(reversed(below.get(item, ())))
    place = {item: index for index, item in enumerate(seen)}
    return [sorted(row, key=place.__getitem__) for row in rows]


def _swept(
    rows: Sequence[Sequence[int]], neighbours: Neighbours, downwards: bool
) -> list[list[int]]:
    place: dict[int, float] = {}
    order: list[list[int]] = []
    for row in rows if downwards else reversed(rows):
        order.append(_by_neighbours(row, neighbours, place))
        place.update((item, index) for index, item in enumerate(order[-1]))
    return order if downwards else order[::-1]


def _by_neighbours(
    row: Sequence[int], neighbours: Neighbours, place: Mapping[int, float]
) -> list[int]:
    """Return a row with its items in the order of their neighbours' mean places.

    Items without neighbours stay where they are.
    """
    means = {
        item: sum(map(place.__getitem__, found)) / len(found)
        for item in row
        if (found := neighbours.get(item))
    }
    moved = iter(sorted(means, key=means.__getitem__))
    return [next(moved) if item in means else item for item in row]
