"""What is wrong with a study, and where."""

from __future__ import annotations

from dataclasses import dataclass

from recado.errors import Problem, ProblemsError


@dataclass(frozen=True, slots=True)
class StudyProblem(Problem):
    """One thing that is wrong in a study; ``line`` counts from 1 where it is known."""

    line: int | None = None

    def __str__(self) -> str:
        text = Problem.__str__(self)
        return text if self.line is None else f"line {self.line}: {text}"


class StudyError(ProblemsError):
    """Raised for a study that cannot be read or expanded; holds every problem."""


class DrawError(Exception):
    """Raised by a draw that fails for one participant; ``expand`` makes it a StudyError.

    ``path`` is the path of the call, ``text`` what went wrong.
    """

    def __init__(self, path: tuple[str | int, ...], text: str) -> None:
        self.path = path
        self.text = text
        super().__init__(text)


def refusal(what: str, path: str, text: str, line: int | None = None) -> StudyError:
    """Return the error for a single problem."""
    return StudyError(what, [StudyProblem(path, text, line)])
