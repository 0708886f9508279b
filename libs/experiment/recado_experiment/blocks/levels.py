"""Levels: what a factor of a crossing can be, one at a time."""

from __future__ import annotations

from dataclasses import dataclass

from recado_experiment.blocks.block import Part
from recado_experiment.document.findings import Findings, Path
from recado_experiment.document.tables import Table, is_list, is_table, kind


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


def read_levels(value: object, findings: Findings) -> list[Level] | None:
    """Return a factor's levels, None if something is wrong with one."""
    if not is_list(value):
        findings.add(f"has to be an array of levels, not {kind(value)}")
        return None
    if not value:
        findings.add("has no level")
    read = [_level(level, findings.at(at)) for at, level in enumerate(value)]
    levels = [level for level in read if level]
    if len({level.label for level in levels}) < len(levels):
        findings.add("has two levels of the same name")
    return levels if len(levels) == len(read) else None


def label(value: object) -> str:
    """Return a level's name."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _level(value: object, findings: Findings) -> Level | None:
    if not is_table(value):
        return Level(label(value), value, {}, findings.path)
    name, config = value.get("name"), value.get("config", {})
    if name is None or not value.keys() <= {"name", "config"} or not is_table(config):
        findings.add("a level that is a table has a 'name' and a 'config', no more")
        return None
    return Level(label(name), name, config, findings.path)
