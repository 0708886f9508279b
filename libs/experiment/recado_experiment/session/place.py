"""Where a participant stands."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

BEFORE: Final = -1
"""The position before the first block."""
START: Final = "START"
END: Final = "END"


@dataclass(frozen=True, slots=True)
class Progress:
    """What the facts say of a participant, whatever the study is now.

    ``at`` is when that changed last, in seconds since the epoch.
    """

    position: int = BEFORE
    has_ended: bool = False
    is_abandoned: bool = False
    at: float = 0.0

    def differs_from(self, other: Progress) -> bool:
        """Whether it is another one, since whenever that is."""
        return replace(self, at=other.at) != other


@dataclass(frozen=True, slots=True)
class Place:
    """Where a participant stands in their list of blocks.

    ``position`` is -1 before the first block, and ``length`` behind the last one.
    """

    participant: int
    position: int
    length: int
    name: str
    """The block's name, ``START`` or ``END``."""
    is_abandoned: bool

    @property
    def is_active(self) -> bool:
        """Whether the participant is in a block."""
        return 0 <= self.position < self.length

    @property
    def has_ended(self) -> bool:
        """Whether the participant is behind the last block."""
        return self.position >= self.length

    @property
    def status(self) -> str:
        """The place in three lines, for people to read, laid out as experiment-server's."""
        return (
            f"Participant index: {self.participant}    \n"
            f"Block: {self.position} / {self.length}    \n"
            f" Name: {self.name if self.is_active else 'N/A'}"
        )

    @classmethod
    def of(cls, participant: int, progress: Progress, names: list[str]) -> Place:
        """Return where a participant stands among blocks of these names.

        The list may have become shorter than it was: who is at a block that it does not
        have any more is at its end. Who has ended stays there, though it became longer.
        """
        length = len(names)
        if progress.has_ended or progress.position >= length:
            position, name = length, END
        else:
            position = progress.position
            name = START if position == BEFORE else names[position]
        return cls(participant, position, length, name, progress.is_abandoned)
