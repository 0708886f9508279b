"""Naming: what an order can call blocks by, and which blocks those are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from recado_experiment.blocks.crossings import Crossings
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import is_list, is_table, kind, shown

UNREADABLE: Final = ("",)
"""Stands for what was reported, so that nothing else is found wrong with the order."""


@dataclass(frozen=True, slots=True)
class Naming:
    """The names of blocks, and the places of those in ``[[blocks]]`` where these count.

    ``known`` are the names of blocks and crossings; None if they could not be read, so that
    any name can be right. A name of ``crossings`` stands for all the blocks of that
    crossing. At a place is None if the block there has no name.
    """

    known: Collection[str] | None
    crossings: Crossings
    places: Sequence[str | None] | None = None

    def read(self, value: object, findings: Findings) -> tuple[str, ...]:
        """Return the names of the blocks that an array calls; report what is none."""
        if not is_list(value):
            findings.add(f"has to be an array of block names, not {kind(value)}")
            return UNREADABLE
        return tuple(
            name
            for at, item in enumerate(value)
            for name in self._called(item, findings.at(at))
        )

    def count(self, value: object) -> int:
        """Return how many blocks are called by all that is in a value."""
        if is_table(value):
            return sum(map(self.count, value.values()))
        if is_list(value):
            return sum(map(self.count, value))
        return len(self.crossings.get(value, "1")) if isinstance(value, str) else 1

    def _called(self, item: object, findings: Findings) -> Sequence[str]:
        if isinstance(item, str):
            if self.known is not None and item not in self.known:
                findings.unknown("block", item, self.known)
            return self.crossings.get(item) or (item,)
        # A boolean is an integer to Python, and never meant as a place.
        if self.places is not None and type(item) is int:
            return self._placed(self.places, item, findings)
        what = "the name" if self.places is None else "the name or the place"
        findings.add(f"has to be {what} of a block, not {kind(item)} ({shown(item)})")
        return UNREADABLE

    def _placed(
        self, places: Sequence[str | None], place: int, findings: Findings
    ) -> Sequence[str]:
        # Below 0 it counts from the end, as in any list of Python.
        if not -len(places) <= place < len(places):
            findings.add(
                f"no block at {shown(place)}; places count from 0, and there are"
                f" {len(places)} blocks"
            )
            return UNREADABLE
        name = places[place]
        return UNREADABLE if name is None else (name,)
