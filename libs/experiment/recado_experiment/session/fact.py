"""Facts: what happens in a session, one for each change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from recado.message import Json

OPENED: Final = "experiment.opened"
CONFIGURED: Final = "experiment.configured"
ADDED: Final = "participant.added"
MOVED: Final = "participant.moved"
ENDED: Final = "participant.ended"
ABANDONED: Final = "participant.abandoned"
ALL_MOVED: Final = "participants.moved"

Assignment: TypeAlias = Literal["next", "completion"]
"""Who comes next: one above the highest, or somebody of the row that fewest are in."""


@dataclass(frozen=True, slots=True)
class Fact:
    """A change: its type, its data, and when it happened, in seconds since the epoch."""

    type: str
    data: Mapping[str, Json]
    at: float = 0.0


def opened(
    default_participant: int, assignment: Assignment, abandoned_after_s: float | None
) -> Fact:
    """Return that a session begins, and how it deals with its participants."""
    return Fact(
        OPENED,
        {
            "default_participant": default_participant,
            "assignment": assignment,
            "abandoned_after_s": abandoned_after_s,
        },
    )


def configured(study: str, sha256: str, text: str) -> Fact:
    """Return that a session goes by a study from now on."""
    return Fact(CONFIGURED, {"study": study, "sha256": sha256, "text": text})


def added(participant: int) -> Fact:
    """Return that a participant is there, before the first block."""
    return Fact(ADDED, {"participant": participant})


def moved(participant: int, position: int, name: str) -> Fact:
    """Return that a participant is at a block, or at -1, before the first one."""
    data: dict[str, Json] = {"participant": participant}
    return Fact(MOVED, data | {"position": position, "name": name})


def ended(participant: int) -> Fact:
    """Return that a participant is behind the last block."""
    return Fact(ENDED, {"participant": participant})


def abandoned(participant: int) -> Fact:
    """Return that a participant is not expected any more; a move brings them back."""
    return Fact(ABANDONED, {"participant": participant})


def all_moved(position: int, ended: list[int]) -> Fact:
    """Return that everybody is at a position, but those who have ended by it."""
    return Fact(ALL_MOVED, {"position": position, "ended": [*ended]})
