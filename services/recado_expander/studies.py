"""Studies that were prepared: kept, so that the chunks of a request need it once only.

What is wrong with one that cannot be is told here as well.
"""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock

from recado.errors import Problem
from recado.message import Json
from recado.studies import Source
from recado_expander.recent import MOST, ROOM, Recent
from recado_experiment import Study, StudyError, StudyProblem, provenance


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study that is ready to be expanded, and what its text is called and is."""

    study: Study
    name: str
    sha256: str

    def provenance(self, participant: int) -> dict[str, Json]:
        """Return what a participant's blocks came from, to be kept with the results."""
        return provenance(self.study, self.sha256, participant)


class Studies:
    """The studies used last, by their names and digests."""

    def __init__(self, most: int = MOST, room: int = ROOM) -> None:
        self._kept: Recent[tuple[str, str], Prepared] = Recent(most, room)
        self._lock = Lock()
        # Not the same: the event loop asks for what is kept, and must not wait for a study.
        self._reading = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: str, sha256: str) -> Prepared | None:
        """Return a study that is kept, by its name and digest."""
        with self._lock:
            return self._kept.get((name, sha256))

    def prepare(self, source: Source) -> Prepared:
        """Return the study that a text is, read now if it is not kept.

        Raises:
            StudyError: with everything that is wrong with it.
        """
        key = source.name, source.sha256
        # Held while it reads: chunks that come together would all read the same otherwise.
        with self._reading:
            if found := self.get(*key):
                return found
            study = Study.read(source.text, source.name)
            made = Prepared(study, source.name, source.sha256)
            with self._lock:
                self._kept.put(key, made, len(source.text))
            return made


def problems_of(error: StudyError) -> list[Problem]:
    """Return what is wrong with a study; a line, where it is known, is in the text."""
    return [
        Problem(each.path, f"line {each.line}: {each.text}")
        if isinstance(each, StudyProblem) and each.line is not None
        else Problem(each.path, each.text)
        for each in error.problems
    ]
