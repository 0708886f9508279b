"""Places: where in the text a path belongs that a merged block has inherited."""

from __future__ import annotations

from collections.abc import Iterable

from recado_experiment.blocks.inheritance import Inheritance
from recado_experiment.document.findings import Found, Path, dotted
from recado_experiment.document.lines import lines_of
from recado_experiment.errors import StudyProblem


class Places:
    """Tells where a problem is; the text is only searched if there is one."""

    def __init__(self, text: str, inheritance: Inheritance) -> None:
        self._text = text
        self._inheritance = inheritance
        self._lines: dict[Path, int] = {}

    def problem(self, path: Path, text: str) -> StudyProblem:
        """Return a problem with its path and line, both in the block that wrote it."""
        return self._told([(self._origin(path), text)])[0]

    def problems(self, found: Found) -> list[StudyProblem]:
        """Return problems as who reads the text from its top meets them, each once."""
        return self._told(
            (origin, text)
            for path, text in found.problems
            for origin in [self._origin(path)]
            if found.unread.get(origin, text) == text
        )

    def warnings(self, found: Found) -> list[StudyProblem]:
        """Return warnings in the same way."""
        return self._told((self._origin(path), text) for path, text in found.warnings)

    def _told(self, found: Iterable[tuple[Path, str]]) -> list[StudyProblem]:
        unique = dict.fromkeys(found)
        if new := {path for path, _ in unique} - self._lines.keys():
            self._lines |= lines_of(self._text, new)
        problems = [
            StudyProblem(dotted(path), text, self._lines.get(path))
            for path, text in unique
        ]
        return sorted(problems, key=lambda problem: problem.line or 0)

    def _origin(self, path: Path) -> Path:
        """Return the path at which the document says what is found at a block's path."""
        chain = self._inheritance.chain(path)
        if not chain:
            return path
        inside = path[len(chain[0].path) :]
        return max((block.written(inside) for block in chain), key=_depth)[1]


def _depth(written: tuple[int, Path]) -> int:
    return written[0]
