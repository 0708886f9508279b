"""Inheritance: every block merged over the one that it extends."""

from __future__ import annotations

from collections.abc import Sequence

from recado_experiment.blocks.block import Block
from recado_experiment.document.findings import Findings, Path
from recado_experiment.document.tables import Table, is_table, shown, size

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
    As every block on the way keeps what it got, the order of the file shows there. Of
    blocks that share a name, the first is the parent of others.
    """

    def __init__(self, blocks: Sequence[Block], findings: Findings) -> None:
        self._blocks = blocks
        self._findings = findings
        self._by_path = {block.path: block for block in blocks}
        self._parents = {block.name: block for block in reversed(blocks)}
        self._tables = {block.path: block.table for block in blocks}
        self._rooted: set[Path] = set()
        self._orphans: set[Path] = set()
        self._values = 0

    def tables(self) -> dict[Path, Table]:
        """Return the merged table of each block that has all its parents, by path."""
        self._check_parents()
        for block in self._blocks:
            self._resolve(block)
            if self._values > MAX_VALUES:
                return {}
        return {
            path: table
            for path, table in self._tables.items()
            if path not in self._orphans
        }

    def chain(self, path: Path) -> list[Block]:
        """Return the block that a path is of, and those that it extends, nearest first.

        Of a long chain, only the beginning: this is for looking up where problems are.
        """
        found: dict[Path, Block] = {}
        # The paths of a crossing's blocks are longer than those of others.
        block = self._by_path.get(path[:3], self._by_path.get(path[:2]))
        while block and block.path not in found and len(found) < LOOKED_UP:
            found[block.path] = block
            block = self._extended(block.table)
        return list(found.values())

    def _check_parents(self) -> None:
        for block in self._blocks:
            if "extends" in block.table and self._extended(block.table) is None:
                findings = self._findings.at(*block.path, "extends")
                findings.unknown("block", block.table["extends"], self._parents)
                self._orphans.add(block.path)

    def _extended(self, table: Table) -> Block | None:
        parent = table.get("extends")
        return self._parents.get(parent) if isinstance(parent, str) else None

    def _resolve(self, block: Block) -> None:
        seen, parent = {block.name: block}, self._parent(block)
        while parent is not None and parent.name not in seen:
            seen[parent.name] = parent
            parent = self._parent(parent)
        way = [each.path for each in seen.values()]
        if way[-1] in self._orphans:
            self._orphans.update(way)
            return
        for child, over in zip(way[-2::-1], way[:0:-1], strict=True):
            self._merge(child, over)
        if parent is None:
            self._rooted.update(way)
        else:
            here = self._findings.at(*block.path, "extends")
            name = shown(parent.name)
            here.warn(f"comes back to {name}: the order of the blocks matters")

    def _parent(self, block: Block) -> Block | None:
        """Return the parent that is still to be merged, if there is one."""
        if block.path in self._rooted or block.path in self._orphans:
            return None
        return self._extended(self._tables[block.path])

    def _merge(self, child: Path, parent: Path) -> None:
        if self._values > MAX_VALUES:
            return
        self._tables[child] = merged(self._tables[child], self._tables[parent])
        self._values += size(self._tables[child])
        if self._values > MAX_VALUES:
            self._findings.at(*child, "extends").add(
                f"the blocks inherit more than {MAX_VALUES} values from one another"
            )
