"""Crossings: factors whose levels are combined into blocks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeAlias

from recado_experiment.blocks import Block, Part
from recado_experiment.findings import Findings, Path
from recado_experiment.inheritance import merged
from recado_experiment.tables import Table, is_list, is_table, kind, shown
from recado_experiment.variables import Variables

MODES = ("full", "paired")
KEYS = ("name", "extends", "config", "factors", "mode", "include", "exclude")
MAX_BLOCKS = 10_000

Crossings: TypeAlias = Mapping[str, tuple[str, ...]]
"""The names of the blocks that each crossing makes."""


@dataclass(frozen=True, slots=True)
class Level:
    """One value of a factor; ``config`` is what it adds to a block's."""

    label: str
    value: object
    config: Table
    path: Path

    def parts(self, factor: str) -> list[Part]:
        """Return the parts that it makes of a block."""
        parts = [Part(("config", factor), self.path, self.value)]
        if self.config:
            parts.append(Part(("config",), (*self.path, "config"), self.config))
        return parts


Combination: TypeAlias = "tuple[Level, ...]"


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
    written = set(blocks)
    for index, value in enumerate(listed):
        here = findings.at(index)
        filled = variables.fill(value, here)
        if not is_table(filled):
            here.add(f"has to be a table, not {kind(filled)} ({shown(filled)})")
            continue
        crossing = _Crossing(filled, here)
        if (name := crossing.name()) is None:
            continue
        if name in written or name in made:
            here.at("name").add(f"{name!r} is a block's or a crossing's name as well")
        found = {block.name: block for block in crossing.blocks(name)}
        for each in found.keys() & blocks.keys():
            here.add(f"makes the block {each!r}, which is there already")
        blocks.update(found)
        made[name] = tuple(found)
    return made


class _Crossing:
    """Reads one crossing; what is wrong goes to the findings."""

    def __init__(self, table: Table, findings: Findings) -> None:
        self._table = table
        self._findings = findings

    def name(self) -> str | None:
        for key in self._table:
            if key not in KEYS:
                self._findings.at(key).unknown("key", key, KEYS)
        name = self._table.get("name")
        if isinstance(name, str) and name:
            return name
        self._findings.add(f"needs a 'name', a text, not {shown(name)}")
        return None

    def blocks(self, name: str) -> Iterator[Block]:
        """Yield the block of each combination that is wanted."""
        config = self._table.get("config", {})
        if not is_table(config):
            self._findings.at("config").add(f"has to be a table, not {kind(config)}")
            return
        factors = self._factors()
        if not factors:
            return
        head = {key: self._table[key] for key in ("extends",) if key in self._table}
        own = Part((), self._findings.path, head | {"config": config})
        for combination in self._wanted(factors):
            full = ":".join([name, *(level.label for level in combination)])
            inner: Table = dict(config)
            parts = [own]
            for factor, level in zip(factors, combination, strict=True):
                inner = merged({**level.config, factor: level.value}, inner)
                parts += level.parts(factor)
            path = (*self._findings.path, full)
            table = {"name": full, **head, "config": inner}
            yield Block(path, full, table, tuple(reversed(parts)))

    def _factors(self) -> dict[str, list[Level]]:
        value, here = self._table.get("factors"), self._findings.at("factors")
        if not is_table(value) or not value:
            got = "" if value is None else f", not {kind(value)}"
            self._findings.add(f"needs 'factors', a table of arrays{got}")
            return {}
        found: dict[str, list[Level]] = {}
        for factor, levels in value.items():
            if not is_list(levels) or not levels:
                text = f"has to be an array of levels, not {kind(levels)}"
                here.at(factor).add("has no level" if levels == [] else text)
                return {}
            found[factor] = [
                _level(level, here.at(factor, at)) for at, level in enumerate(levels)
            ]
            labels = [level.label for level in found[factor]]
            if len(set(labels)) < len(labels):
                here.at(factor).add("has two levels of the same name")
        return found

    def _wanted(self, factors: Mapping[str, list[Level]]) -> list[Combination]:
        include = self._patterns("include", factors)
        exclude = self._patterns("exclude", factors)
        wanted: list[Combination] = []
        for each in self._combined(factors):
            labels = dict(zip(factors, (level.label for level in each), strict=True))
            if (include is None or _matches(labels, include)) and not _matches(
                labels, exclude or ()
            ):
                wanted.append(each)
        if not wanted and self._findings.is_clean:
            self._findings.add("has nothing left: all combinations are excluded")
        return wanted

    def _combined(self, factors: Mapping[str, list[Level]]) -> Iterable[Combination]:
        mode = self._table.get("mode", MODES[0])
        sizes = [len(levels) for levels in factors.values()]
        if mode == "paired":
            if len(set(sizes)) > 1:
                text = f"pairs levels, and needs as many of each factor (there are {sizes})"
                self._findings.at("factors").add(text)
                return ()
            return zip(*factors.values(), strict=True)
        if mode != "full":
            self._findings.at("mode").unknown("mode", mode, MODES)
            return ()
        count = 1
        for size in sizes:
            count *= size
        if count > MAX_BLOCKS:
            self._findings.at("factors").add(
                f"makes {count} combinations; at most {MAX_BLOCKS} are crossed"
            )
            return ()
        return product(*factors.values())

    def _patterns(
        self, key: str, factors: Mapping[str, list[Level]]
    ) -> list[dict[str, str]] | None:
        if key not in self._table:
            return None
        value, here = self._table[key], self._findings.at(key)
        if not is_list(value):
            here.add(f"has to be an array of tables, not {kind(value)}")
            return []
        return [_pattern(each, here.at(at), factors) for at, each in enumerate(value)]


def _level(value: object, findings: Findings) -> Level:
    if not is_table(value):
        return Level(_label(value), value, {}, findings.path)
    name, config = value.get("name"), value.get("config", {})
    if name is None or not value.keys() <= {"name", "config"} or not is_table(config):
        findings.add("a level that is a table has a 'name' and a 'config', no more")
        return Level("", None, {}, findings.path)
    return Level(_label(name), name, config, findings.path)


def _label(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _pattern(
    value: object, findings: Findings, factors: Mapping[str, list[Level]]
) -> dict[str, str]:
    if not is_table(value) or not value:
        findings.add(f"has to be a table of levels by factor, not {shown(value)}")
        return {}
    for factor, level in value.items():
        if factor not in factors:
            findings.at(factor).unknown("factor", factor, factors.keys())
        elif (label := _label(level)) not in (
            labels := [it.label for it in factors[factor]]
        ):
            findings.at(factor).unknown("level", label, labels)
    return {factor: _label(level) for factor, level in value.items()}


def _matches(labels: Mapping[str, str], patterns: Iterable[Mapping[str, str]]) -> bool:
    return any(
        all(labels.get(factor) == label for factor, label in pattern.items())
        for pattern in patterns
    )
