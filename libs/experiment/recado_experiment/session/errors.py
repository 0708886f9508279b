"""Why a session refuses what it is asked."""

from __future__ import annotations

from recado.errors import NotFoundError, RecadoError


class UnknownParticipantError(NotFoundError, KeyError):
    """Raised for a participant that was never added to the session.

    It is a KeyError as well, as experiment-server raises that.
    """

    __str__ = NotFoundError.__str__  # a KeyError's would stand in quotes


class OutOfRangeError(RecadoError):
    """Raised for a block that the participant does not have."""


class InactiveError(RecadoError):
    """Raised when the config of a participant is asked for who is in no block."""
