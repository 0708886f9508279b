"""Arrangements: which names a participant gets, and in which order."""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm
from typing import Literal, TypeAlias, get_args

from recado_experiment.calls.stream import Stream
from recado_experiment.order.squares import SQUARES

Strategy: TypeAlias = Literal[
    "as_is", "randomize", "latin_square", "balanced_square", "williams"
]

STRATEGIES: tuple[str, ...] = get_args(Strategy)

Groups: TypeAlias = tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Groups of names and how they are ordered.

    ``rows`` has one row of groups, or several that participants take in turn.
    ``holds_rows`` is for latin squares: whether a row within groups is held until each
    group could have taken its turn.
    """

    rows: tuple[Groups, ...]
    groups: Strategy = "as_is"
    within: Strategy = "as_is"
    holds_rows: bool = True

    def groups_of(self, participant: int) -> Groups:
        """Return a participant's groups as they are written."""
        return self.rows[(participant - 1) % len(self.rows)]

    def names(self, participant: int, stream: Stream) -> list[str]:
        """Return a participant's names in their order."""
        groups = self._groups(participant, stream)
        if self.within == "randomize":
            groups = [list(group) for group in groups]
            for group in groups:
                stream.shuffle(group)
        elif square := SQUARES.get(self.within):
            size = len(groups[0])
            number = (participant - 1) // self._held(len(groups)) % square.rows(size)
            places = square.row(size, number)
            return [group[place] for group in groups for place in places]
        return [name for group in groups for name in group]

    def _groups(
        self, participant: int, stream: Stream
    ) -> list[tuple[str, ...]] | list[list[str]]:
        groups = list(self.groups_of(participant))
        if self.groups == "randomize":
            stream.shuffle(groups)
        elif square := SQUARES.get(self.groups):
            number = (participant - 1) % square.rows(len(groups))
            groups = [groups[place] for place in square.row(len(groups), number)]
        return groups

    def _held(self, groups: int) -> int:
        """Return how many participants in a row share a row within the groups."""
        # Even where the groups stay as they are: as experiment-server does.
        if self.within == "latin_square":
            return groups if self.holds_rows else 1
        square = SQUARES.get(self.groups)
        return square.rows(groups) if square else len(self.rows)

    @property
    def is_shuffled(self) -> bool:
        """Whether chance has a part in the order."""
        return "randomize" in (self.groups, self.within)

    @property
    def period(self) -> int:
        """The number of participants after which what chance has no part in repeats."""
        periods = [len(self.rows)]
        if square := SQUARES.get(self.groups):
            periods += [square.rows(len(groups)) for groups in self.rows]
        if square := SQUARES.get(self.within):
            periods += [
                self._held(len(groups)) * rows
                for groups in self.rows
                if (rows := square.rows(len(groups[0]))) > 1
            ]
        return lcm(*periods)


@dataclass(frozen=True, slots=True)
class Sequence:
    """The whole sequence of a study: what comes first, the order, what comes last."""

    order: Arrangement
    init: Arrangement
    final: Arrangement

    def names(self, participant: int, stream: Stream) -> list[str]:
        """Return a participant's names; the order draws before init and final do."""
        order = self.order.names(participant, stream)
        init = self.init.names(participant, stream)
        return init + order + self.final.names(participant, stream)

    def choice(self, participant: int) -> list[str]:
        """Return a participant's names in no particular order, without any chance."""
        return [
            name
            for part in (self.init, self.order, self.final)
            for group in part.groups_of(participant)
            for name in group
        ]

    @property
    def period(self) -> int:
        """The number of participants after which what chance has no part in repeats."""
        return lcm(self.order.period, self.init.period, self.final.period)

    def all_names(self) -> set[str]:
        """Return every name that some participant gets."""
        return {
            name
            for part in (self.init, self.order, self.final)
            for groups in part.rows
            for group in groups
            for name in group
        }

    @property
    def choices(self) -> int:
        """The number of participants after which ``choice`` repeats."""
        return lcm(len(self.order.rows), len(self.init.rows), len(self.final.rows))
