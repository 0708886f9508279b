"""A diagram in Graphviz's language, for other programs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from recado.recipe.picture.diagram import Diagram, Edge, Kind, Node


def dot(diagram: Diagram, title: str) -> str:
    """Return a diagram as a ``digraph``."""
    return "\n".join(_lines(diagram, title)) + "\n"


def _lines(diagram: Diagram, title: str) -> Iterator[str]:
    yield f"digraph {_quoted(title)} {{"
    yield '  node [fontname="monospace", fontsize=11];'
    yield '  edge [fontname="monospace", fontsize=10];'
    for node in diagram.nodes:
        yield f"  {_quoted(node.key)} [{_node(node)}];"
    for edge in diagram.edges:
        ends = f"{_quoted(edge.source)} -> {_quoted(edge.target)}"
        yield f"  {ends}{_edge(edge)};"
    yield "}"


def _node(node: Node) -> str:
    if node.kind == "start":
        return _LOOKS["start"]
    head = node.name if node.kind == "failure" else f"{node.key} {node.name}".strip()
    text = "\n".join(filter(None, (head, node.place, node.notes)))
    return f"label={_quoted(text)}, {_LOOKS[node.kind]}"


def _edge(edge: Edge) -> str:
    looks = [
        *([f"label={_quoted(edge.label)}"] if edge.label else []),
        *(["style=dashed"] if edge.is_error else []),
    ]
    return f" [{', '.join(looks)}]" if looks else ""


def _quoted(text: str) -> str:
    # A backslash at a text's end, or before a letter, would mean something.
    plain = text.replace("\\", "\\\\").replace('"', '\\"')
    lines = ["".join(map(_printable, line)) for line in plain.split("\n")]
    return '"' + "\\n".join(lines) + '"'


def _printable(char: str) -> str:
    return char if char.isprintable() else "\N{REPLACEMENT CHARACTER}"


_LOOKS: Final[Mapping[Kind, str]] = {
    "queue": "shape=box",
    "topic": "shape=box, style=rounded",
    "nowhere": "shape=box, style=dotted",
    "start": "shape=point, width=0.15",
    "failure": "shape=ellipse, style=dashed",
}
