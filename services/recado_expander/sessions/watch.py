"""A session's study as a file in the recipe folder: looked at whenever it is asked for."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias

from recado.errors import Problem, RecadoError
from recado.schemas.answers import ProblemEntry
from recado.schemas.experiments import Refused
from recado.studies import Source, StudyFolder, is_path

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_Signature: TypeAlias = tuple[int, ...]

_UNSETTLED_NS: Final = 1_000_000_000
"""A file that changed since may change again without showing it: clocks have ticks."""


class Watch:
    """Notices that a file was written or replaced, and remembers what became of it.

    Each text is offered once: a folder that is behind those of other instances would
    otherwise put its old text back, time and again.
    """

    def __init__(
        self,
        folder: StudyFolder,
        log: FilteringBoundLogger,
        now_ns: Callable[[], int] = time.time_ns,
    ) -> None:
        self.refused: Refused | None = None
        """Why the file cannot be used, as long as it cannot."""
        self._folder = folder
        self._log = log
        self._now_ns = now_ns
        self._name = ""
        self._seen: _Signature | None = None
        self._dealt_with = ""
        self._broken: tuple[str, Refused] | None = None

    def look(self, name: str, sha256: str) -> Source | None:
        """Return the file's text if it is another one than a session goes by.

        Blocks: it is to be called in a thread.
        """
        if name != self._name:
            self._begin(name)
        if not is_path(name):
            return None
        try:
            signature = self._signature(name)
            if signature == self._seen:
                return None
            source = Source.of(name, self._folder.read(name))
        except (RecadoError, OSError) as error:
            self._seen = None
            self._refuse(_refused(name, [Problem("", _reason(error))]))
            return None
        if source.sha256 not in (sha256, self._dealt_with):
            self.refused = None
            return source
        self._deal_with(source, signature)
        return None

    def refuse(self, source: Source, problems: Sequence[Problem]) -> None:
        """Note that a text that was offered cannot be used."""
        refused = _refused(source.name, problems)
        self._dealt_with = source.sha256
        self._broken = (source.sha256, refused)
        self._refuse(refused)

    def _begin(self, name: str) -> None:
        self._name = name
        self._seen = self._broken = self.refused = None
        self._dealt_with = ""

    def _deal_with(self, source: Source, signature: _Signature) -> None:
        self._dealt_with = source.sha256
        is_broken = self._broken is not None and self._broken[0] == source.sha256
        self.refused = self._broken[1] if self._broken and is_broken else None
        is_settled = self._now_ns() - signature[-1] > _UNSETTLED_NS
        self._seen = signature if is_settled else None

    def _refuse(self, refused: Refused) -> None:
        if refused != self.refused:
            self._log.warning(
                "experiment.refused",
                study=refused.study,
                problems=[each.model_dump() for each in refused.problems],
            )
        self.refused = refused

    def _signature(self, name: str) -> _Signature:
        # The time of its last change cannot be set by anybody, as that of its text can.
        found = os.stat(self._folder.path / name)
        return (
            found.st_dev,
            found.st_ino,
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
        )


def _refused(study: str, problems: Sequence[Problem]) -> Refused:
    return Refused(study=study, problems=list(map(ProblemEntry.of, problems)))


def _reason(error: RecadoError | OSError) -> str:
    if isinstance(error, OSError):
        return f"cannot be read: {error.strerror}"
    return str(error)
