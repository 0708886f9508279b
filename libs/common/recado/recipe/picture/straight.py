"""Links that pass several rows, made straight where there is room."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

_CLEARANCE: Final = 14.0
_TURNS: Final = 3


def straighten(
    rows: Sequence[Sequence[int]],
    chains: Sequence[Sequence[int]],
    widths: Sequence[float],
    middles: list[float],
) -> None:
    """Move the items of each chain, one below the other, to as few columns as can be.

    Nothing else is moved. The longest chains come first; as each makes room for others,
    all have several turns.
    """
    left: dict[int, int] = {}
    right: dict[int, int] = {}
    for row in rows:
        for one, other in pairwise(row):
            right[one], left[other] = other, one

    def room(item: int) -> tuple[float, float]:
        low, high = -math.inf, math.inf
        if (near := left.get(item)) is not None:
            low = middles[near] + widths[near] / 2 + _CLEARANCE
        if (near := right.get(item)) is not None:
            high = middles[near] - widths[near] / 2 - _CLEARANCE
        # Where there is less room than wished, the item stays.
        return min(low, middles[item]), max(high, middles[item])

    for _ in range(_TURNS):
        for chain in sorted(chains, key=len, reverse=True):
            _straighten(chain, [room(item) for item in chain], middles)


def _straighten(
    chain: Sequence[int], rooms: Sequence[tuple[float, float]], middles: list[float]
) -> None:
    begin = 0
    low, high = -math.inf, math.inf
    for index, (least, most) in enumerate(rooms):
        if max(low, least) > min(high, most):
            _align(chain[begin:index], low, high, middles)
            begin, low, high = index, least, most
        else:
            low, high = max(low, least), min(high, most)
    _align(chain[begin:], low, high, middles)


def _align(items: Sequence[int], low: float, high: float, middles: list[float]) -> None:
    places = sorted(middles[item] for item in items)
    middle = min(max(places[len(places) // 2], low), high)
    for item in items:
        middles[item] = middle
