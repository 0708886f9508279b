"""Places: where in the text a path belongs that a merged block has inherited."""

from __future__ import annotations

from collections.abc import Iterable

from recado_experiment.errors import StudyProblem
from recado_experiment.findings import Path, dotted
from recado_experiment.inheritance import Inheritance
from recado_experiment.lines import Lines
from recado_experiment.tables import is_list, is_table


class Places:
    """Tells where a problem is; the text is only searched if there is one."""

    def __init__(self, text: str, inheritance: Inheritance) -> None:
        self._text = text
        self._inheritance = inheritance
        self._lines: Lines | None = None

    def problem(self, path: Path, text: str) -> StudyProblem:
        """Return a problem with its path and line, both in the block that wrote it."""
        if self._lines is None:
            self._lines = Lines(self._text)
        origin = self._origin(path)
        return StudyProblem(dotted(origin), text, self._lines.line(origin))

    def problems(self, found: Iterable[tuple[Path, str]]) -> list[StudyProblem]:
        """Return problems as who reads the text from its top meets them, each once."""
        unique = dict.fromkeys(self.problem(path, text) for path, text in found)
        return sorted(unique, key=lambda problem: problem.line or 0)

    def _origin(self, path: Path) -> Path:
        inside = path[2:]
        chain = self._inheritance.parents_at(path[:2])
        if not inside or not chain:
            return path
        writer = max(chain, key=lambda block: _depth_of_match(block.table, inside))
        return (*writer.path, *inside)


def _depth_of_match(table: object, path: Path) -> int:
    """Return how many steps of a path lead to something inside a table."""
    for depth, step in enumerate(path):
        if is_table(table) and step in table:
            table = table[str(step)]
        elif is_list(table) and isinstance(step, int) and step < len(table):
            table = table[step]
        else:
            return depth
    return len(path)
