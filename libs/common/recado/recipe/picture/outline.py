"""A diagram as lines of text: every node once, with what comes after it below."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from recado.recipe.picture.diagram import Diagram, Edge, Node
from recado.recipe.picture.rows import ranks


def outline(diagram: Diagram) -> Iterator[str]:
    """Yield the lines of an outline, for a terminal.

    A node is described below the last of those that lead to it, and named at the others.
    Of the ways on from a node, the longest stays on the left; the others are branches
    beside it. So the outline of a long chain is no wider than that of a short one.
    """
    return _Outline(diagram).lines()


class _Outline:
    def __init__(self, diagram: Diagram) -> None:
        self.nodes = {node.key: node for node in diagram.nodes}
        self.edges: dict[str, list[Edge]] = {key: [] for key in self.nodes}
        for edge in diagram.edges:
            self.edges[edge.source].append(edge)
        rank = ranks(list(self.nodes), diagram.edges)
        self.owner: dict[str, Edge] = {}
        for edge in sorted(
            diagram.edges, key=lambda e: (rank[e.source], not e.is_error)
        ):
            self.owner[edge.target] = edge
        self.heights = self._heights(sorted(self.nodes, key=rank.__getitem__))
        self.printed: set[str] = set()

    def _heights(self, keys: Sequence[str]) -> dict[str, int]:
        """Return how long the longest way on from each node is, among those it owns."""
        heights = dict.fromkeys(keys, 0)
        for key in reversed(keys):
            if edge := self.owner.get(key):
                heights[edge.source] = max(heights[edge.source], heights[key] + 1)
        return heights

    def lines(self) -> Iterator[str]:
        """Yield the lines."""
        roots = [key for key in self.nodes if key not in self.owner]
        # In a cycle, which no recipe has that was checked, none is a root.
        for root in [*roots, *self.nodes]:
            if root not in self.printed:
                yield from self._from(root)

    def _from(self, root: str) -> Iterator[str]:
        # What is still to be written: the rails on the left, the way, and its end.
        waiting: list[tuple[str, str, str, bool]] = [("", "", root, True)]
        while waiting:
            rails, way, key, is_owned = waiting.pop()
            node = self.nodes[key]
            if not is_owned or key in self.printed:
                where = "above" if key in self.printed else "below"
                yield f"{rails}{way}{_named(node)} ({where})"
                continue
            self.printed.add(key)
            yield f"{rails}{way}{_described(node)}"
            inner = rails + _RAIL if way.startswith(_BRANCHES) else rails
            waiting += reversed(list(self._ways(key, inner)))

    def _ways(self, key: str, rails: str) -> Iterator[tuple[str, str, str, bool]]:
        edges = self.edges[key]
        owned = [edge for edge in edges if self.owner[edge.target] is edge]
        main = max(reversed(owned), key=self._precedence, default=None)
        sides = [edge for edge in edges if edge is not main]
        for edge in sides:
            is_last = main is None and edge is sides[-1]
            branch = _ENDS[edge.is_error] if is_last else _BRANCHES[edge.is_error]
            is_owned = self.owner[edge.target] is edge
            yield rails, f"{branch}{_label(edge)}", edge.target, is_owned
        if main:
            yield rails, f"▼ {_label(main)}", main.target, True

    def _precedence(self, edge: Edge) -> tuple[int, bool]:
        return self.heights[edge.target], not edge.is_error


_RAIL: Final = "│  "
_BRANCHES: Final = ("├─ ", "├┄ ")
_ENDS: Final = ("└─ ", "└┄ ")


def _label(edge: Edge) -> str:
    words = ["error"] if edge.is_error else []
    words += [edge.label] if edge.label else []
    return f"{' '.join(words)}: " if words else ""


def _named(node: Node) -> str:
    return f"{node.key} {node.name}".strip()


def _described(node: Node) -> str:
    if node.kind == "start":
        return "start"
    if node.kind == "failure":
        return node.name
    notes = f" ({node.notes})" if node.notes else ""
    return f"{_named(node)} → {node.place}{notes}"
