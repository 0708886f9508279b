"""The picture of a preview: two tables of counts, the darker the more often."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Final

from recado.markup import escaped

if TYPE_CHECKING:
    from recado_experiment import Balance

CELL: Final = 34
LETTER: Final = 7.2
MARGIN: Final = 24
LONGEST: Final = 24
"""Letters of a block's name that are drawn."""

_STYLE: Final = """
text{font:12px ui-monospace,monospace;fill:#1c2733}
.title{font-size:14px;font-weight:600}
.low{fill:#1c2733}.high{fill:#fff}
.box{fill:#0b6e99;stroke:#8aa0b2;stroke-width:.5}
@media(prefers-color-scheme:dark){
 svg{background:#12181f} text{fill:#dbe4ec} .low{fill:#dbe4ec} .box{fill:#3aa3d0}
}
"""


def drawn(name: str, counted: Balance) -> str:
    """Return the picture as SVG."""
    names = [_short(each) for each in counted.names]
    left = MARGIN + max(map(len, names), default=0) * LETTER + 10
    places = [str(at) for at in range(1, counted.length + 1)]
    first = _Grid(
        f"{name}: place of each block, {counted.participants} participants",
        names, places, counted.by_place, left, MARGIN,
    )  # fmt: skip
    second = _Grid(
        "a block (row) followed by another (column)",
        names, names, counted.by_follower, left, first.bottom + MARGIN,
    )  # fmt: skip
    width = max(first.right, second.right, 460) + MARGIN
    height = second.bottom + MARGIN
    parts = [*first.parts(), *second.parts()]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}"'
        f' viewBox="0 0 {width:.0f} {height:.0f}"><style>{_STYLE}</style>'
        f"{''.join(parts)}</svg>\n"
    )


class _Grid:
    """A table of counts with heads that are written upwards if they are long."""

    def __init__(
        self,
        title: str,
        names: Sequence[str],
        heads: Sequence[str],
        rows: Sequence[Sequence[int]],
        left: float,
        top: float,
    ) -> None:
        self._title, self._names, self._heads, self._rows = title, names, heads, rows
        self._left = left
        self._top = top
        longest = max(map(len, heads), default=0)
        self._is_upright = longest > 4
        self._head = 26 + (longest * LETTER if self._is_upright else 14) + 8
        self.right = left + len(heads) * CELL
        self.bottom = top + self._head + len(names) * CELL

    def parts(self) -> Iterator[str]:
        """Yield the elements."""
        place = f'x="{MARGIN}" y="{self._top + 14}"'
        yield f'<text class="title" {place}>{escaped(self._title)}</text>'
        below = self._top + self._head
        for at, head in enumerate(self._heads):
            x = self._left + (at + 0.5) * CELL
            turned = (
                f' transform="rotate(-90 {x + 4} {below - 6})"'
                if self._is_upright
                else ""
            )
            anchor = "start" if self._is_upright else "middle"
            place = f'x="{x + 4 if self._is_upright else x}" y="{below - 6}"'
            yield f'<text {place} text-anchor="{anchor}"{turned}>{escaped(head)}</text>'
        most = max((n for row in self._rows for n in row), default=0) or 1
        for at, (name, row) in enumerate(zip(self._names, self._rows, strict=True)):
            y = below + at * CELL
            text = f'x="{self._left - 8}" y="{y + CELL / 2 + 4}" text-anchor="end"'
            yield f"<text {text}>{escaped(name)}</text>"
            for column, number in enumerate(row):
                yield from self._cell(self._left + column * CELL, y, number, most)

    def _cell(self, x: float, y: float, number: int, most: int) -> Iterator[str]:
        share = number / most
        yield (
            f'<rect class="box" x="{x}" y="{y}" width="{CELL}" height="{CELL}"'
            f' fill-opacity="{0.08 + 0.85 * share:.3f}"/>'
        )
        kind = "high" if share > 0.5 else "low"
        yield (
            f'<text class="{kind}" x="{x + CELL / 2}" y="{y + CELL / 2 + 4}"'
            f' text-anchor="middle">{number}</text>'
        )


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"
