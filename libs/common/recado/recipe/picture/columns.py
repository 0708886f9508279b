"""Where the items of each row lie from left to right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Final

GAP: Final = 28.0
_SWEEPS: Final = 12


def columns(
    rows: Sequence[Sequence[int]],
    segments: Iterable[tuple[int, int]],
    widths: Sequence[float],
    weights: Sequence[float],
) -> list[float]:
    """Return the middle of each item: near its neighbours', and clear of the next one.

    Rows are gone through downwards and upwards in turns. ``weights`` say how hard an item
    is to move.
    """
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for upper, lower in segments:
        below.setdefault(upper, []).append(lower)
        above.setdefault(lower, []).append(upper)
    middles = [0.0] * len(widths)
    for sweep in range(_SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for row in rows if downwards else reversed(rows):
            wished = [_wish(item, neighbours, middles) for item in row]
            placed = _spread(row, wished, widths, weights)
            for item, middle in zip(row, placed, strict=True):
                middles[item] = middle
    return middles


def _wish(
    item: int, neighbours: Mapping[int, Sequence[int]], middles: Sequence[float]
) -> float:
    near = sorted(middles[each] for each in neighbours.get(item, ()))
    if not near:
        return middles[item]
    half = len(near) // 2
    return (near[half] + near[-half - 1]) / 2


def _spread(
    row: Sequence[int],
    wished: Sequence[float],
    widths: Sequence[float],
    weights: Sequence[float],
) -> list[float]:
    """Return places in the row's order that do not overlap, as near as can be to a wish.

    Nearest by the sum of the weighted squares. Without the items' widths it is a rising
    row of numbers that is looked for: neighbours out of order become one block.
    """
    lefts = list(accumulate((widths[item] + GAP for item in row[:-1]), initial=0.0))
    offsets = [left + widths[item] / 2 for left, item in zip(lefts, row, strict=True)]
    blocks: list[tuple[float, float, int]] = []
    for item, wish, offset in zip(row, wished, offsets, strict=True):
        mean, weight, size = wish - offset, weights[item], 1
        while blocks and blocks[-1][0] >= mean:
            before, heft, count = blocks.pop()
            mean = (before * heft + mean * weight) / (heft + weight)
            weight, size = weight + heft, size + count
        blocks.append((mean, weight, size))
    starts = [mean for mean, _, size in blocks for _ in range(size)]
    return [start + offset for start, offset in zip(starts, offsets, strict=True)]
