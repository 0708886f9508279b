"""A diagram as SVG: one picture that is readable on light and on dark paper."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final
from unicodedata import east_asian_width
from xml.sax.saxutils import quoteattr

from recado.markup import escaped
from recado.recipe.picture.diagram import Diagram, Kind, Node
from recado.recipe.picture.layout import Box, Label, Layout, Line, Size, laid_out

_LONGEST: Final = 40
_CHARACTER: Final = 7.25
"""The width of a character of 12 pixels; all of them are as wide, whatever font there is."""

_NOTE_CHARACTER: Final = 6.05
_LINE: Final = 17.0
_PADDING: Final = 12.0
_DOT: Final = 14.0

_STYLE: Final = """
.recado-graph { font: 12px ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace }
.recado-graph .paper { fill: #fff }
.recado-graph text { fill: #1f2933; text-anchor: middle; dominant-baseline: central }
.recado-graph .number { fill: #617080 }
.recado-graph .name { font-weight: 700 }
.recado-graph .notes { font-size: 10px; fill: #617080 }
.recado-graph .label { fill: #30597f }
.recado-graph .box { fill: #eef4fb; stroke: #4a7bab; stroke-width: 1.2 }
.recado-graph .topic .box { fill: #eef8f0; stroke: #3f8a58 }
.recado-graph .nowhere .box { fill: none; stroke: #8795a3; stroke-dasharray: 2 3 }
.recado-graph .failure .box { fill: none; stroke: #c0453a; stroke-dasharray: 5 4 }
.recado-graph .start .box { fill: #1f2933; stroke: none }
.recado-graph .line { fill: none; stroke: #617080; stroke-width: 1.2 }
.recado-graph .head { fill: #617080; stroke: none }
.recado-graph .line.error { stroke: #c0453a; stroke-dasharray: 5 4 }
.recado-graph .head.error { fill: #c0453a }
.recado-graph .label.error { fill: #c0453a }
@media (prefers-color-scheme: dark) {
.recado-graph .paper { fill: #14191f }
.recado-graph text { fill: #e4e9ee }
.recado-graph .number, .recado-graph .notes { fill: #98a6b3 }
.recado-graph .label { fill: #9cc3e8 }
.recado-graph .box { fill: #1b2a3a; stroke: #5f94c8 }
.recado-graph .topic .box { fill: #18301f; stroke: #5fae78 }
.recado-graph .start .box { fill: #e4e9ee }
.recado-graph .line { stroke: #98a6b3 }
.recado-graph .head { fill: #98a6b3 }
.recado-graph .line.error, .recado-graph .failure .box { stroke: #ee7d72 }
.recado-graph .head.error, .recado-graph .label.error { fill: #ee7d72 }
}
"""


def svg(diagram: Diagram, title: str) -> str:
    """Return the picture of a diagram, complete with its style.

    Each step is a group with its number in ``data-step``, for whoever wants to colour it.
    """
    sizes = {node.key: _size(node) for node in diagram.nodes}
    labels = {edge.label: _wide(_short(edge.label)) + 8 for edge in diagram.edges}
    layout = laid_out(diagram, sizes, labels)
    return "\n".join(_picture(diagram, layout, title)) + "\n"


def _picture(diagram: Diagram, layout: Layout, title: str) -> Iterator[str]:
    width, height = round(layout.width), round(layout.height)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="recado-graph" role="img" '
        f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
    )
    yield f"<title>{escaped(title)}</title>"
    yield f"<style>{_STYLE}</style>"
    yield f'<rect class="paper" width="{width}" height="{height}"/>'
    for line in layout.lines:
        yield from _line(line)
    for label in layout.labels:
        yield _label(label)
    for node in diagram.nodes:
        yield from _node(node, layout.boxes[node.key])
    yield "</svg>"


def _line(line: Line) -> Iterator[str]:
    (x, top), (_, bottom), (to, end) = line.start, line.bend, line.end
    error = " error" if line.is_error else ""
    tip = end - 7 if line.has_arrow else end
    half = (bottom + tip) / 2
    straight = f" V{bottom:.1f}" if bottom > top else ""
    curve = f"C{x:.1f} {half:.1f} {to:.1f} {half:.1f} {to:.1f} {tip:.1f}"
    yield f'<path class="line{error}" d="M{x:.1f} {top:.1f}{straight} {curve}"/>'
    if line.has_arrow:
        head = f"M{to:.1f} {end:.1f} l-4 -8 h8 z"
        yield f'<path class="head{error}" d="{head}"/>'


def _label(label: Label) -> str:
    kind = "label error" if label.is_error else "label"
    return _text(kind, label.x, label.y, label.text)


def _node(node: Node, box: Box) -> Iterator[str]:
    step = (
        "" if node.kind in {"start", "failure"} else f" data-step={quoteattr(node.key)}"
    )
    yield f'<g class="{node.kind}"{step}>'
    yield f"<title>{escaped(' – '.join(_told(node)))}</title>"
    radius = _ROUND[node.kind] or min(box.width, box.height) / 2
    yield (
        f'<rect class="box" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" '
        f'height="{box.height:.1f}" rx="{radius:.1f}"/>'
    )
    lines = _lines(node)
    middle = box.x + box.width / 2
    top = box.y + box.height / 2 - _LINE * (len(lines) - 1) / 2
    for index, (kind, text) in enumerate(lines):
        yield _text(kind, middle, top + _LINE * index, text)
    yield "</g>"


_ROUND: Final[Mapping[Kind, float]] = {
    "queue": 5.0,
    "nowhere": 5.0,
    "topic": 0.0,
    "start": 0.0,
    "failure": 0.0,
}
"""How round the corners are; 0 stands for half a circle."""


def _told(node: Node) -> Iterator[str]:
    if node.kind == "start":
        yield "start"
        return
    head = node.name if node.kind == "failure" else f"{node.key} {node.name}".strip()
    yield from filter(None, (head, node.place, node.notes))


def _lines(node: Node) -> list[tuple[str, str]]:
    """Return the lines in a node's box, each with its kind."""
    if node.kind == "start":
        return []
    if node.kind == "failure":
        return [("name", node.name)]
    head = f"{node.key}  {node.name}" if node.name else node.key
    found = [("name", head), ("place", node.place), ("notes", node.notes)]
    return [(kind, text) for kind, text in found if text]


def _size(node: Node) -> Size:
    lines = _lines(node)
    if not lines:
        return _DOT, _DOT
    widest = max(
        _wide(_short(text), _NOTE_CHARACTER if kind == "notes" else _CHARACTER)
        for kind, text in lines
    )
    return max(widest, 40.0) + 2 * _PADDING, _LINE * len(lines) + _PADDING


def _text(kind: str, x: float, y: float, text: str) -> str:
    shown = escaped(_short(text))
    return f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}">{shown}</text>'


def _short(text: str) -> str:
    """Return a text that is not too long, its beginning and its end kept."""
    if len(text) <= _LONGEST:
        return text
    half = _LONGEST // 2
    return f"{text[: half - 1]}…{text[-half:]}"


def _wide(text: str, character: float = _CHARACTER) -> float:
    return character * sum(2 if east_asian_width(x) in "WF" else 1 for x in text)
