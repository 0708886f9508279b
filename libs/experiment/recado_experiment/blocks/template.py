"""Templates: a block of a study, made ready to be filled in for each participant.

Whatever is the same for everybody is kept ready and copied; arrays and tables are made
anew each time, so that no caller can change what another one gets.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias, cast

from recado_experiment.calls.sites import Site
from recado_experiment.calls.stream import Stream

if TYPE_CHECKING:
    from recado.message import Json

    Block: TypeAlias = dict[str, Json]

Make: TypeAlias = "Callable[[Stream], Json]"
Changing: TypeAlias = tuple[tuple[str, Make], ...]


@dataclass(frozen=True, slots=True)
class Template:
    """One block, ready.

    ``block`` has what never changes, and a place for what does; ``changing`` is made in
    the order of the keys, which is the order of the draws. ``config`` is among it.
    ``grouped`` are the calls that other calls have a say in. ``size`` is how many values it
    has when it is filled in, at most.
    """

    name: str
    block: Block
    changing: Changing
    grouped: tuple[Site, ...]
    size: int

    def filled(self, stream: Stream, participant: int, index: int) -> Block:
        """Return the block of one participant, at a place in its list."""
        block = self.block.copy()
        for key, make in self.changing:
            block[key] = make(stream)
        config = cast("Block", block["config"])
        config["participant_index"] = participant
        config["name"] = self.name
        config["block_id"] = index
        return block


def table_maker(constant: Block, changing: Changing) -> Make:
    """Return what makes a table: a copy of what is constant, and the rest drawn."""

    def make(stream: Stream) -> Json:
        table = constant.copy()
        for key, make_value in changing:
            table[key] = make_value(stream)
        return table

    return make


def array_maker(constant: list[Json], changing: Sequence[tuple[int, Make]]) -> Make:
    """Return what makes an array: a copy of what is constant, and the rest drawn."""

    def make(stream: Stream) -> Json:
        array = constant.copy()
        for at, make_value in changing:
            array[at] = make_value(stream)
        return array

    return make
