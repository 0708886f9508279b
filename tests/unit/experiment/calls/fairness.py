"""Tests of what was drawn: whether it is as likely as it should be.

A fair draw passes them but for one time in 100,000 or so; here the streams are always the
same ones, so what passed once always does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from math import sqrt


def is_fair(found: Sequence[Hashable], shares: Mapping[Hashable, float]) -> bool:
    """Tell whether things came up as often as their shares say, and nothing else did.

    Pearson's chi squared, within five standard deviations of its mean, and five more.
    """
    counts, whole = Counter(found), sum(shares.values())
    expected = {kind: len(found) * share / whole for kind, share in shares.items()}
    squares = sum((counts[kind] - it) ** 2 / it for kind, it in expected.items())
    free = len(shares) - 1
    return counts.keys() <= shares.keys() and squares < free + 5 * sqrt(2 * free) + 5


def has_distribution(
    found: Sequence[float], share_below: Callable[[float], float]
) -> bool:
    """Tell whether numbers have a distribution, which is given by its cumulative function.

    The test of Kolmogorov and Smirnov: the largest distance is below 2.5 / sqrt(n).
    """
    shares = [share_below(number) for number in sorted(found)]
    distance = max(
        max(abs(share - at / len(found)), abs(share - (at + 1) / len(found)))
        for at, share in enumerate(shares)
    )
    return distance < 2.5 / sqrt(len(found))
