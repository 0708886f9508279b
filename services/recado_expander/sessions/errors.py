"""Why a request about a session is refused; each has a code of its own."""

from __future__ import annotations

from recado.errors import NotFoundError, RecadoError


class UnavailableError(RecadoError):
    """Raised while the event store does not answer."""


class UnreadableError(RecadoError):
    """Raised for a session with an event in its stream that is none of its facts."""


class UnknownExperimentError(NotFoundError):
    """Raised for a session that nobody has opened; who asked is told the nearest name."""

    def __init__(self, experiment: str) -> None:
        super().__init__(f"no experiment {experiment!r}; open it first")


class ContestedError(RecadoError):
    """Raised for a change that others were faster than, time and again."""


class AlreadyOpenError(RecadoError):
    """Raised for a session that was opened before, and otherwise."""
