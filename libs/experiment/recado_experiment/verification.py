"""Verify a study: expand it for participants and see who cannot be served."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recado.errors import Problem
from recado_experiment.errors import StudyError
from recado_experiment.study import Study

FIRST_FIVE = range(1, 6)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one participant: block names in order, or problems."""

    participant: int
    names: tuple[str, ...]
    problems: tuple[Problem, ...] = ()

    @property
    def is_fine(self) -> bool:
        """Whether the participant's blocks can be expanded."""
        return not self.problems


def verify(study: Study, participants: Iterable[int] = FIRST_FIVE) -> Iterator[Verdict]:
    """Expand for each participant and yield what came of it, one by one."""
    for participant in participants:
        try:
            blocks = study.expand(participant)
        except StudyError as error:
            yield Verdict(participant, (), error.problems)
        else:
            yield Verdict(participant, tuple(str(block["name"]) for block in blocks))
