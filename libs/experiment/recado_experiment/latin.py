"""The balanced latin square: each row one order of n things."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=256)
def base_row(size: int) -> tuple[int, ...]:
    """Return the row that all others derive from: 0, 1, n-1, 2, n-2, ..."""
    return tuple(
        (at + 1) // 2 if at % 2 else (size - at // 2) % size for at in range(size)
    )


def row(size: int, number: int) -> list[int]:
    """Return one row: size rows if the size is even, twice as many if it is odd.

    >>> [row(3, number) for number in range(4)]
    [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]]
    """
    turn, is_reversed = divmod(number, 2) if size % 2 else (number, 0)
    turned = [(start + turn) % size for start in base_row(size)]
    return turned[::-1] if is_reversed else turned
