"""Balance: how often each block came up in each place, and after each other block."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from recado_experiment.participants import Ranges
from recado_experiment.study import Study


@dataclass(frozen=True, slots=True)
class Balance:
    """Counts over the orders of some participants; init and final blocks are left out."""

    participants: int
    names: tuple[str, ...]
    """The blocks, in the order in which they came up first."""
    length: int
    """The number of places: blocks in the longest order."""
    places: Counter[tuple[str, int]] = field(default_factory=Counter[tuple[str, int]])
    """By block and place, from 0."""
    followers: Counter[tuple[str, str]] = field(
        default_factory=Counter[tuple[str, str]]
    )
    """By block and the block right after it."""

    @property
    def by_place(self) -> list[list[int]]:
        """A row for each block, with its count in each place."""
        return [
            [self.places[name, at] for at in range(self.length)] for name in self.names
        ]

    @property
    def by_follower(self) -> list[list[int]]:
        """A row for each block, with how often each block followed it."""
        return [
            [self.followers[name, after] for after in self.names] for name in self.names
        ]

    @property
    def is_even_in_places(self) -> bool:
        """Whether every block was in every place equally often."""
        return _is_even([count for row in self.by_place for count in row])

    @property
    def is_even_in_followers(self) -> bool:
        """Whether every block followed every other one equally often."""
        rows = enumerate(self.by_follower)
        return _is_even([n for at, row in rows for to, n in enumerate(row) if to != at])


def balance(study: Study, participants: Ranges) -> Balance:
    """Count over the orders that participants get."""
    orders = [study.order(participant) for participant in participants]
    names = dict.fromkeys(name for order in orders for name in order)
    counts = Balance(len(orders), tuple(names), max(map(len, orders), default=0))
    for order in orders:
        counts.places.update((name, at) for at, name in enumerate(order))
        counts.followers.update(pairwise(order))
    return counts


def _is_even(counts: Sequence[int]) -> bool:
    return len(set(counts)) <= 1
