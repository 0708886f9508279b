"""Crossings: factors whose levels are combined into blocks."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import TypeAlias

from recado_experiment.blocks.block import Block, Part
from recado_experiment.blocks.inheritance import MAX_VALUES, merged
from recado_experiment.blocks.levels import Level, read_levels
from recado_experiment.blocks.patterns import Labels, Patterns
from recado_experiment.blocks.variables import Variables
from recado_experiment.document.findings import Findings
from recado_experiment.document.tables import (
    Table,
    is_list,
    is_table,
    kind,
    largest,
    shown,
    size,
)

MODES = ("full", "paired")
KEYS = ("name", "extends", "config", "factors", "mode", "include", "exclude")
MAX_BLOCKS = 10_000

Crossings: TypeAlias = Mapping[str, tuple[str, ...]]
"""The names of the blocks that each crossing makes."""

Combination: TypeAlias = "tuple[Level, ...]"
Factors: TypeAlias = "Mapping[str, list[Level]]"


class Room:
    """How many values all crossings of a study may make, and how many are still free."""

    def __init__(self) -> None:
        self._left = MAX_VALUES

    @property
    def is_enough(self) -> bool:
        """Tell whether no more was taken than there was."""
        return self._left >= 0

    def take(self, count: int) -> None:
        """Take some of the room."""
        self._left -= count


def read_crossings(
    document: Table,
    variables: Variables,
    blocks: dict[str, Block],
    findings: Findings,
) -> Crossings:
    """Add the blocks of every crossing to ``blocks``; return their names by crossing."""
    listed = document.get("crossings", [])
    if not is_list(listed):
        findings.add(f"has to be an array of tables, [[crossings]], not {kind(listed)}")
        return {}
    made: dict[str, tuple[str, ...]] = {}
    unused: list[_Crossing] = []
    room = Room()
    taken = set(blocks)
    for index, value in enumerate(listed):
        here = findings.at(index)
        filled = variables.fill(value, here)
        if not is_table(filled):
            here.add(f"has to be a table, not {kind(filled)} ({shown(filled)})")
            continue
        crossing = _Crossing(filled, room, here)
        name = crossing.name()
        found = {block.name: block for block in crossing.blocks(name or "")}
        if name is None or not found:
            unused.append(crossing)
        if name is None:
            continue
        crossing.check_names(name, found, taken, blocks)
        taken.add(name)
        blocks.update(found)
        made[name] = tuple(found)
        if not room.is_enough:
            break
    for crossing in unused:
        crossing.check_parent(blocks)
    return made


class _Crossing:
    """Reads one crossing; what is wrong goes to the findings."""

    def __init__(self, table: Table, room: Room, findings: Findings) -> None:
        self._table = table
        self._room = room
        self._findings = findings

    def name(self) -> str | None:
        for key in self._table:
            if key not in KEYS:
                self._findings.at(key).unknown("key", key, KEYS)
        if "name" not in self._table:
            self._lacks("name", "the order names it")
            return None
        name = self._table["name"]
        if isinstance(name, str) and name:
            return name
        self._findings.at("name").add(f"has to be a text, not {shown(name)}")
        return None

    def check_names(
        self,
        name: str,
        made: Collection[str],
        taken: Collection[str],
        blocks: Collection[str],
    ) -> None:
        """Report its own name if it is taken, and blocks it makes that are there already."""
        if name in taken:
            self._findings.at("name").add(
                f"{shown(name)} is a block's or a crossing's name as well"
            )
        for each in made:
            if each in blocks:
                self._findings.add(
                    f"makes the block {shown(each)}, which is there already"
                )

    def check_parent(self, blocks: Collection[str]) -> None:
        """Report a parent that is not there, of a crossing that makes no blocks.

        Parents of blocks that are made are checked with those of all others.
        """
        parent = self._table.get("extends")
        if parent is not None and not (isinstance(parent, str) and parent in blocks):
            self._findings.at("extends").unknown("block", parent, blocks)

    def blocks(self, name: str) -> Iterator[Block]:
        """Yield the block of each combination that is wanted."""
        config = self._table.get("config", {})
        if not is_table(config):
            self._findings.at("config").add(f"has to be a table, not {kind(config)}")
            config = {}
        mode, factors = self._mode(), self._factors()
        if not factors:
            return
        head = {key: self._table[key] for key in ("extends",) if key in self._table}
        own = Part((), self._findings.path, head | {"config": config})
        for combination in self._wanted(factors, mode):
            full = ":".join([name, *(level.label for level in combination)])
            inner: Table = dict(config)
            parts = [own]
            for factor, level in zip(factors, combination, strict=True):
                inner = merged({**level.config, factor: level.value}, inner)
                parts += level.parts(factor)
            path = (*self._findings.path, full)
            table = {"name": full, **head, "config": inner}
            yield Block(path, full, table, tuple(reversed(parts)))

    def _lacks(self, key: str, text: str) -> None:
        # One that is nearly the same is reported as a key that is not known.
        if self._findings.nearest(key, self._table) is None:
            self._findings.add(f"has no {key!r}; {text}")

    def _mode(self) -> str | None:
        mode = self._table.get("mode", MODES[0])
        if isinstance(mode, str) and mode in MODES:
            return mode
        self._findings.at("mode").unknown("mode", mode, MODES)
        return None

    def _factors(self) -> Factors:
        """Return the levels by factor; none at all if something is wrong with one."""
        if "factors" not in self._table:
            self._lacks("factors", "they are a table of arrays of levels")
            return {}
        value, here = self._table["factors"], self._findings.at("factors")
        if not is_table(value):
            here.add(f"has to be a table of arrays, not {kind(value)}")
            return {}
        if not value:
            here.add("has no factor")
        found = {key: read_levels(value[key], here.at(key)) for key in value}
        self._room.take(sum(len(levels or ()) for levels in found.values()))
        good = {key: levels for key, levels in found.items() if levels}
        return good if len(good) == len(found) else {}

    def _wanted(self, factors: Factors, mode: str | None) -> list[Combination]:
        labels = {
            factor: dict.fromkeys(level.label for level in levels)
            for factor, levels in factors.items()
        }
        before = len(self._findings.found.problems)
        include = self._patterns("include", labels)
        exclude = self._patterns("exclude", labels)
        wanted: list[Combination] = []
        for each in self._combined(factors, mode):
            names = dict(zip(factors, (level.label for level in each), strict=True))
            if (include is None or include.match(names)) and not (
                exclude and exclude.match(names)
            ):
                wanted.append(each)
        if mode and not wanted and len(self._findings.found.problems) == before:
            self._findings.add("has nothing left: all combinations are excluded")
        return wanted

    def _patterns(self, key: str, labels: Labels) -> Patterns | None:
        if key not in self._table:
            return None
        return Patterns.read(self._table[key], labels, self._findings.at(key))

    def _combined(self, factors: Factors, mode: str | None) -> Iterable[Combination]:
        here = self._findings.at("factors")
        sizes = [len(levels) for levels in factors.values()]
        if mode is None:
            return ()
        if mode == "paired" and len(set(sizes)) > 1:
            here.add(
                "pairs levels, and needs as many of each factor (there are"
                f" {shown(sizes)})"
            )
            return ()
        count = _product(sizes) if mode == "full" else sizes[0]
        if count > MAX_BLOCKS:
            more = " or more" if count > MAX_BLOCKS**2 else ""
            here.add(
                f"makes {count} combinations{more}; at most {MAX_BLOCKS} are crossed"
            )
            return ()
        self._room.take(count * self._weight(factors))
        if not self._room.is_enough:
            here.add(f"crossings make more than {MAX_VALUES} values in all")
            return ()
        return (
            product(*factors.values())
            if mode == "full"
            else zip(*factors.values(), strict=True)
        )

    def _weight(self, factors: Factors) -> int:
        """Return how many values a block has at most, its name's letters counted."""
        return (
            size(self._table.get("name"))
            + sum(
                largest(
                    [level.label, level.value, level.config]
                    for level in factors[factor]
                )
                + size(factor)
                for factor in factors
            )
            + size(self._table.get("config", {}))
        )


def _product(sizes: Iterable[int]) -> int:
    """Return a product, or a number below it that is far too large already."""
    count = 1
    for each in sizes:
        if count > MAX_BLOCKS**2:
            break
        count *= each
    return count
