"""Studies that were prepared: kept, so that the chunks of a request need it once only."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import Final

from recado import __version__
from recado.message import Json
from recado_experiment import Study

MOST: Final = 8
ROOM: Final = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Prepared:
    """A study that is ready to be expanded, and the digest and size of its text."""

    study: Study
    sha256: str
    size: int

    def provenance(self, participant: int) -> dict[str, Json]:
        """Return what a participant's blocks came from, to be kept with the results."""
        return {
            "sha256": self.sha256,
            "stream": self.study.stream(participant),
            "recado": __version__,
        }


class Studies:
    """The studies used last: a few, with no more text together than ``room`` bytes."""

    def __init__(self, most: int = MOST, room: int = ROOM) -> None:
        self._most = most
        self._room = room
        self._kept: OrderedDict[tuple[str, str], Prepared] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: str, sha256: str) -> Prepared | None:
        """Return a study that is kept, by its name and digest."""
        with self._lock:
            return self._found(name, sha256)

    def prepare(self, text: bytes, name: str, sha256: str) -> Prepared:
        """Return the study that a text is, read now if it is not kept.

        Raises:
            StudyError: with everything that is wrong with it.
        """
        # Held while it reads: chunks that come together would all read the same otherwise.
        with self._lock:
            if found := self._found(name, sha256):
                return found
            made = Prepared(Study.read(text, name), sha256, len(text))
            self._kept[name, sha256] = made
            self._forget()
            return made

    def _found(self, name: str, sha256: str) -> Prepared | None:
        found = self._kept.get((name, sha256))
        if found is not None:
            self._kept.move_to_end((name, sha256))
        return found

    def _forget(self) -> None:
        held = sum(each.size for each in self._kept.values())
        while self._kept and (held > self._room or len(self._kept) > self._most):
            _, oldest = self._kept.popitem(last=False)
            held -= oldest.size
