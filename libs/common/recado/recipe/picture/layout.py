"""Where everything of a diagram lies, in pixels; how it looks is drawn elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from recado.recipe.picture.columns import columns
from recado.recipe.picture.diagram import Diagram
from recado.recipe.picture.ordering import ordered
from recado.recipe.picture.rows import Item, Rows, rows_of
from recado.recipe.picture.straight import straighten

MARGIN: Final = 20.0
ROW_GAP: Final = 22.0
MAX_GAP: Final = 70.0
LABEL_HEIGHT: Final = 16.0
_PORT_GAP: Final = 22.0
_STIFFNESS: Final = 4.0
"""How much harder a passing link is to move than a node, so that it runs straight."""

Size = tuple[float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle: its left, its top, its width and its height."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a channel, in the middle of its place."""

    text: str
    x: float
    y: float
    is_error: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A part of a link: straight down from the first point to the second, then curved."""

    start: Point
    bend: Point
    end: Point
    is_error: bool
    has_arrow: bool


@dataclass(frozen=True, slots=True)
class Layout:
    """The boxes of the nodes by their keys, and all lines and labels between them."""

    width: float
    height: float
    boxes: dict[str, Box]
    labels: tuple[Label, ...]
    lines: tuple[Line, ...]


def laid_out(
    diagram: Diagram, sizes: Mapping[str, Size], label_widths: Mapping[str, float]
) -> Layout:
    """Return where everything lies, given how large the nodes and the labels are."""
    rows = rows_of([node.key for node in diagram.nodes], diagram.edges)
    return _Placing(rows, sizes, label_widths).layout()


class _Placing:
    def __init__(
        self,
        rows: Rows,
        sizes: Mapping[str, Size],
        label_widths: Mapping[str, float],
    ) -> None:
        self.items = rows.items
        self.segments = list(rows.segments)
        self.sizes = [_size(item, sizes, label_widths) for item in rows.items]
        pairs = [(upper, lower) for upper, lower, _ in self.segments]
        order = ordered(rows.in_order(), pairs)
        widths = [width for width, _ in self.sizes]
        stiff = [1.0 if item.node or item.label else _STIFFNESS for item in self.items]
        middles = columns(order, pairs, widths, stiff)
        straighten(order, list(rows.chains.values()), widths, middles)
        left = min(map(_left, middles, widths), default=0.0) - MARGIN
        self.middles = [middle - left for middle in middles]
        self.heights = [max(self.sizes[item][1] for item in row) for row in order]
        self.tops = _tops(self.heights, self._gaps())

    def layout(self) -> Layout:
        """Return the layout."""
        boxes = [self._box(index) for index in range(len(self.items))]
        rights = (box.x + box.width for box in boxes)
        bottoms = (box.y + box.height for box in boxes)
        named = [
            (item, box)
            for item, box in zip(self.items, boxes, strict=True)
            if item.label
        ]
        return Layout(
            max(rights, default=0.0) + MARGIN,
            max(bottoms, default=0.0) + MARGIN,
            {
                item.node: box
                for item, box in zip(self.items, boxes, strict=True)
                if item.node
            },
            tuple(
                Label(
                    item.label,
                    box.x + box.width / 2,
                    box.y + box.height / 2,
                    item.is_error,
                )
                for item, box in named
            ),
            tuple(self._lines(boxes)),
        )

    def _gaps(self) -> list[float]:
        """Return the room below each row: more where lines go far to the side."""
        gaps = [ROW_GAP] * len(self.heights)
        for upper, lower, _ in self.segments:
            aside = abs(self.middles[upper] - self.middles[lower])
            row = self.items[upper].row
            gaps[row] = max(gaps[row], min(ROW_GAP + aside / 12, MAX_GAP))
        return gaps

    def _box(self, index: int) -> Box:
        width, height = self.sizes[index]
        row = self.items[index].row
        # A passing link fills its row, everything else stands in the middle of it.
        if height == 0:
            height = self.heights[row]
        top = self.tops[row] + (self.heights[row] - height) / 2
        return Box(self.middles[index] - width / 2, top, width, height)

    def _lines(self, boxes: Sequence[Box]) -> Iterable[Line]:
        leaving = self._ports(boxes, 0)
        arriving = self._ports(boxes, 1)
        for index, (upper, lower, is_error) in enumerate(self.segments):
            above, below = boxes[upper], boxes[lower]
            x, end = leaving[index], arriving[index]
            is_passing = not (self.items[upper].node or self.items[upper].label)
            bottom = above.y + above.height
            yield Line(
                (x, above.y if is_passing else bottom),
                (x, max(bottom, self._floor(upper))),
                (end, below.y),
                is_error,
                bool(self.items[lower].node),
            )

    def _floor(self, index: int) -> float:
        row = self.items[index].row
        return self.tops[row] + self.heights[row]

    def _ports(self, boxes: Sequence[Box], end: int) -> dict[int, float]:
        """Return where each segment meets the item at one of its ends, from left to right."""
        found: dict[int, list[int]] = {}
        for index, segment in enumerate(self.segments):
            found.setdefault(segment[end], []).append(index)
        ports: dict[int, float] = {}
        for item, indices in found.items():
            indices.sort(key=lambda index: self.middles[self.segments[index][1 - end]])
            box = boxes[item]
            gap = min(_PORT_GAP, max(box.width - 16.0, 0.0) / len(indices))
            first = box.x + box.width / 2 - gap * (len(indices) - 1) / 2
            ports |= {index: first + gap * n for n, index in enumerate(indices)}
        return ports


def _size(
    item: Item, sizes: Mapping[str, Size], label_widths: Mapping[str, float]
) -> Size:
    if item.node:
        return sizes[item.node]
    return (label_widths[item.label], LABEL_HEIGHT) if item.label else (0.0, 0.0)


def _left(middle: float, width: float) -> float:
    return middle - width / 2


def _tops(heights: Sequence[float], gaps: Sequence[float]) -> list[float]:
    rows = (height + gap for height, gap in zip(heights[:-1], gaps, strict=False))
    return list(accumulate(rows, initial=MARGIN))
