"""Squares: rows of orders that participants take in turn, by the names of strategies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final


@dataclass(frozen=True, slots=True)
class Square:
    """How n things are ordered, row by row; after ``rows(n)`` rows it begins anew."""

    rows: Callable[[int], int]
    row: Callable[[int, int], list[int]]
    """The places of a size's row of a number, from 0."""


def row(size: int, number: int) -> list[int]:
    """Return one row: size rows if the size is even, twice as many if it is odd.

    >>> [row(3, number) for number in range(4)]
    [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]]
    """
    turn, is_reversed = divmod(number, 2) if size % 2 else (number, 0)
    turned = [(start + turn) % size for start in _base(size)]
    return turned[::-1] if is_reversed else turned


def williams_row(size: int, number: int) -> list[int]:
    """Return one row of a Williams design; after the rows come, if odd, their mirrors.

    E. J. Williams, "Experimental designs balanced for the estimation of residual effects
    of treatments", Australian Journal of Scientific Research A 2 (1949); in the
    construction of P. R. Sheehe and I. D. J. Bross (1961).

    >>> [williams_row(4, number) for number in range(4)]
    [[0, 3, 1, 2], [1, 0, 2, 3], [2, 1, 3, 0], [3, 2, 0, 1]]
    """
    mirrored, turn = divmod(number, size)
    turned = [(start + turn) % size for start in _williams_base(size)]
    return turned[::-1] if mirrored else turned


def balanced_rows(size: int) -> int:
    """Return after how many rows every place and every neighbour came up equally often.

    An odd number of things needs twice as many rows as an even one.
    """
    return 2 * size if size % 2 and size > 1 else size


@lru_cache(maxsize=16)
def _base(size: int) -> tuple[int, ...]:
    """Return the row that all others derive from: 0, 1, n-1, 2, n-2, ..."""
    return tuple(
        (at + 1) // 2 if at % 2 else (size - at // 2) % size for at in range(size)
    )


@lru_cache(maxsize=16)
def _williams_base(size: int) -> tuple[int, ...]:
    """Return 0, n-1, 1, n-2, ..."""
    return tuple(size - 1 - at // 2 if at % 2 else at // 2 for at in range(size))


SQUARES: Final[Mapping[str, Square]] = {
    # Of an odd number of things only the first half of the rows, as in experiment-server.
    "latin_square": Square(lambda size: size, row),
    "balanced_square": Square(balanced_rows, row),
    "williams": Square(balanced_rows, williams_row),
}
