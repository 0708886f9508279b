"""Rows of a layered drawing: which node stands in which, and what passes between them.

A link that passes other rows has a place in each of them. Links of one kind that lead to
the same node share these places, and so become one line on their way; a label has a place
of its own below the node that it belongs to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from recado.recipe.picture.diagram import Edge

MAX_PASSES: Final = 10_000
"""The places that links may take in the rows they pass; the longest links get none."""


@dataclass(slots=True)
class Item:
    """Something in a row: a node, a label, or a link that passes."""

    row: int
    node: str = ""
    label: str = ""
    is_error: bool = False


@dataclass(slots=True)
class Rows:
    """The items, and the segments between them, by their indices in ``items``."""

    items: list[Item] = field(default_factory=list[Item])
    segments: dict[tuple[int, int, bool], None] = field(
        default_factory=dict[tuple[int, int, bool], None]
    )
    """From an item to one below it, and whether it is an error's; mostly in the next row."""

    count: int = 0
    chains: dict[tuple[str, bool], list[int]] = field(
        default_factory=dict[tuple[str, bool], list[int]]
    )
    """The passing items that lead to a node, and whether they are an error's; upwards."""

    def in_order(self) -> list[list[int]]:
        """Return the items of each row, in the order in which they were made."""
        found: list[list[int]] = [[] for _ in range(self.count)]
        for index, item in enumerate(self.items):
            found[item.row].append(index)
        return found


def ranks(nodes: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return for each node how many links the longest way to it has.

    A node that nothing leads to stands right above the first that it leads to. In a cycle,
    which no recipe has that was checked, one link leads upwards.
    """
    after: dict[str, list[str]] = {node: [] for node in nodes}
    for edge in edges:
        after[edge.source].append(edge.target)
    rank = dict.fromkeys(nodes, 0)
    seen: set[str] = set()
    for node in _in_order(nodes, edges):
        seen.add(node)
        for target in after[node]:
            if target not in seen:
                rank[target] = max(rank[target], rank[node] + 1)
    for root in rank.keys() - {edge.target for edge in edges}:
        rank[root] = max(0, min((rank[x] for x in after[root]), default=1) - 1)
    return rank


def _in_order(nodes: Sequence[str], edges: Iterable[Edge]) -> Iterator[str]:
    """Yield each node behind those that lead to it; a cycle is entered at its first node."""
    after: dict[str, list[str]] = {node: [] for node in nodes}
    before = dict.fromkeys(nodes, 0)
    for edge in edges:
        after[edge.source].append(edge.target)
        before[edge.target] += 1
    ready = deque(node for node in nodes if not before[node])
    left = dict.fromkeys(nodes)
    while left:
        node = ready.popleft() if ready else next(iter(left))
        del left[node]
        yield node
        for target in after[node]:
            before[target] -= 1
            if not before[target] and target in left:
                ready.append(target)


def rows_of(nodes: Sequence[str], edges: Sequence[Edge]) -> Rows:
    """Return the rows of a drawing, from top to bottom."""
    building = _Building(ranks(nodes, edges), edges)
    # The shortest links first: they have a place for certain.
    for edge in sorted(edges, key=building.length):
        building.lead(edge)
    return building.rows


class _Building:
    def __init__(self, rank: Mapping[str, int], edges: Iterable[Edge]) -> None:
        labelled = {rank[edge.source] for edge in edges if edge.label}
        self.rows = Rows()
        row_of: list[int] = []
        for each in range(max(rank.values(), default=-1) + 1):
            row_of.append(self.rows.count)
            self.rows.count += 2 if each in labelled else 1
        self.row = {node: row_of[each] for node, each in rank.items()}
        self.item = {node: self._add(Item(row, node)) for node, row in self.row.items()}
        self.passes = 0

    def length(self, edge: Edge) -> int:
        """Return how many rows lie between a link's ends."""
        return self.row[edge.target] - self.row[edge.source]

    def lead(self, edge: Edge) -> None:
        """Lead a link from its source, through what it passes, to its target."""
        way = [self.item[edge.source]]
        row = self.row[edge.source] + 1
        if edge.label:
            way.append(self._add(Item(row, label=edge.label, is_error=edge.is_error)))
            row += 1
        way += self._pass(edge, row)
        for upper, lower in pairwise(way):
            self.rows.segments[upper, lower, edge.is_error] = None

    def _pass(self, edge: Edge, row: int) -> list[int]:
        """Return the way from a row on, up to a line with the same end or the end itself."""
        end = self.item[edge.target]
        count = self.row[edge.target] - row
        chain = self.rows.chains.get((edge.target, edge.is_error), [])
        if 0 < count <= len(chain):
            return [chain[count - 1]]
        if count <= 0 or self.passes + count - len(chain) > MAX_PASSES:
            return [end]
        met = chain[-1] if chain else end
        new = [
            self._add(Item(each, is_error=edge.is_error))
            for each in range(row, self.rows.items[met].row)
        ]
        self.passes += len(new)
        self.rows.chains.setdefault((edge.target, edge.is_error), []).extend(new[::-1])
        return [*new, met]

    def _add(self, item: Item) -> int:
        self.rows.items.append(item)
        return len(self.rows.items) - 1
