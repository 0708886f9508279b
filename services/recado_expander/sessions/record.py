"""A session as far as its stream is known, and which requests it holds already."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from recado.errors import SchemaError
from recado.events import Event
from recado.ids import checksum
from recado.schemas.events import StoredEvent
from recado_expander.sessions.errors import UnreadableError
from recado_expander.sessions.events import event_id, fact_of
from recado_experiment import StudyError
from recado_experiment.session import Session
from recado_experiment.session.fact import OPENED

_EVENT_BYTES: Final = 200
_PREPARED: Final = 10
"""A study that is prepared takes so many times its text, roughly."""


class Record:
    """A session, folded up to a version of its stream.

    It remembers the id of every event: so it knows each request that was done before,
    however long ago, and what is appended is never known in part.
    """

    def __init__(self, experiment: str) -> None:
        self.experiment = experiment
        self.session = Session()
        self.version = 0
        self.opened_at: float | None = None
        """None until it is opened."""
        self._versions: dict[int, int] = {}

    @property
    def size(self) -> int:
        """Roughly how many bytes of memory it takes."""
        return _EVENT_BYTES * self.version + _PREPARED * len(self.session.text)

    def begun(self) -> Session:
        """Return a copy of the session, with its study prepared."""
        # A study that cannot be read any more: whoever needs it is told, and another one
        # can still be configured.
        with suppress(StudyError):
            _ = self.session.study  # copies share it
        return self.session.copy()

    def take(self, events: Iterable[StoredEvent]) -> None:
        """Take in what follows in the stream; what is known already is passed over.

        Raises:
            UnreadableError: for an event that is no fact of a session.
        """
        for event in events:
            if event.version <= self.version:
                continue
            try:
                self.session.apply(fact_of(event))
            except (SchemaError, KeyError) as error:
                raise UnreadableError(
                    f"experiment {self.experiment!r} cannot be read: event "
                    f"{event.version} of stream {event.stream!r}, {event.type!r}, is no "
                    f"fact of a session ({type(error).__name__}: {error})"
                ) from error
            self._note(event)

    def go_on(self, session: Session, events: Iterable[Event]) -> None:
        """Go on as what was appended at this version has made the session."""
        self.session = session
        for event in events:
            self._note(event)

    def done_at(self, cause: str) -> int | None:
        """Return the version at which a request's facts begin; None if it has none."""
        return self._versions.get(checksum(event_id(cause, self.experiment, 0)))

    def _note(self, event: StoredEvent | Event) -> None:
        self.version += 1
        self._versions[checksum(event.id)] = self.version
        if event.type == OPENED and self.opened_at is None:
            self.opened_at = event.at
