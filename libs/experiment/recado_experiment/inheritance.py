"""Inheritance: every block merged over the one that it extends."""

from __future__ import annotations

from recado_experiment.blocks import Block
from recado_experiment.findings import Findings, Path
from recado_experiment.tables import Table, is_table, shown, size

MAX_VALUES = 1_000_000
"""As many as a study may have, what its blocks inherit included; see ``tables.size``."""
LOOKED_UP = 100


def merged(child: Table, parent: Table) -> Table:
    """Return a child's table over its parent's, tables in tables likewise.

    The child's keys come first, then those that only the parent has: the order of the
    keys is the order of the draws.
    """
    result = dict(child)
    for key, inherited in parent.items():
        own = result.setdefault(key, inherited)
        if own is not inherited and is_table(own) and is_table(inherited):
            result[key] = merged(own, inherited)
    return result


class Inheritance:
    """Resolves the parents of all blocks, in the order of the file.

    A circle is not refused: a block takes on what it meets until a name comes up again.
    As every block on the way keeps what it got, the order of the file shows there.
    """

    def __init__(self, blocks: dict[str, Block], findings: Findings) -> None:
        self._blocks = blocks
        self._findings = findings
        self._names = {block.path: name for name, block in blocks.items()}
        self._tables = {name: block.table for name, block in blocks.items()}
        self._rooted: set[str] = set()
        self._orphans: set[str] = set()
        self._values = 0

    def tables(self) -> dict[str, Table]:
        """Return the merged table of each block that has all its parents, by name."""
        self._check_parents()
        for name in self._blocks:
            self._resolve(name)
            if self._values > MAX_VALUES:
                return {}
        return {
            name: table
            for name, table in self._tables.items()
            if name not in self._orphans
        }

    def chain(self, path: Path) -> list[Block]:
        """Return the block that a path is of, and those that it extends, nearest first.

        Of a long chain, only the beginning: this is for looking up where problems are.
        """
        found: dict[str, Block] = {}
        # The paths of a crossing's blocks are longer than those of others.
        name: object = self._names.get(path[:3], self._names.get(path[:2]))
        while isinstance(name, str) and name in self._blocks and name not in found:
            if len(found) == LOOKED_UP:
                break
            found[name] = self._blocks[name]
            name = found[name].table.get("extends")
        return list(found.values())

    def _check_parents(self) -> None:
        for name, block in self._blocks.items():
            if "extends" not in block.table:
                continue
            parent = block.table["extends"]
            if not isinstance(parent, str) or parent not in self._blocks:
                findings = self._findings.at(*block.path, "extends")
                findings.unknown("block", parent, self._blocks)
                self._orphans.add(name)

    def _resolve(self, name: str) -> None:
        seen, parent = {name: None}, self._parent(name)
        while parent is not None and parent not in seen:
            seen[parent] = None
            parent = self._parent(parent)
        way = list(seen)
        if way[-1] in self._orphans:
            self._orphans.update(way)
            return
        for child, over in zip(way[-2::-1], way[:0:-1], strict=True):
            self._merge(child, over)
        if parent is None:
            self._rooted.update(way)
        else:
            here = self._findings.at(*self._blocks[name].path, "extends")
            here.warn(f"comes back to {shown(parent)}: the order of the blocks matters")

    def _parent(self, name: str) -> str | None:
        """Return the parent that is still to be merged, if there is one."""
        if name in self._rooted or name in self._orphans:
            return None
        parent = self._tables[name].get("extends")
        return parent if isinstance(parent, str) else None

    def _merge(self, child: str, parent: str) -> None:
        if self._values > MAX_VALUES:
            return
        self._tables[child] = merged(self._tables[child], self._tables[parent])
        self._values += size(self._tables[child])
        if self._values > MAX_VALUES:
            here = self._findings.at(*self._blocks[child].path, "extends")
            here.add(
                f"the blocks inherit more than {MAX_VALUES} values from one another"
            )
