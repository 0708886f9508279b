"""A session: the sum of its facts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from recado.errors import nearest
from recado_experiment.session import fact as facts
from recado_experiment.session.errors import (
    InactiveError,
    OutOfRangeError,
    UnknownParticipantError,
)
from recado_experiment.session.fact import Assignment, Fact
from recado_experiment.session.place import BEFORE, Place, Progress
from recado_experiment.study import Study

if TYPE_CHECKING:
    from recado.message import Json


class Session:
    """Participants and how far they are; changes by facts alone.

    Facts of types that are not known are passed over: a later release may have more.
    """

    def __init__(self) -> None:
        self.participants: dict[int, Progress] = {}
        """Everybody who was ever added, in that order."""
        self.default = 1
        """The participant who is meant if nobody is named."""
        self.assignment: Assignment = "next"
        self.abandoned_after_s: float | None = None
        self.name = ""
        """What the study is called: its path, or its name in the registry."""
        self.sha256 = ""
        self.text = ""
        self._study: Study | None = None

    @classmethod
    def replay(cls, told: Iterable[Fact]) -> Session:
        """Return the session that facts make, from its first one on."""
        session = cls()
        for each in told:
            session.apply(each)
        return session

    def copy(self) -> Session:
        """Return a session that is the same, and changes by itself."""
        made = Session()
        made.__dict__ |= self.__dict__ | {"participants": self.participants.copy()}
        return made

    @property
    def study(self) -> Study:
        """The study, prepared when it is first asked for.

        Raises:
            StudyError: if it cannot be read.
        """
        if self._study is None:
            self._study = Study.read(self.text, self.name)
        return self._study

    def progress(self, participant: int) -> Progress:
        """Return what is known of a participant.

        Raises:
            UnknownParticipantError: if there is no such participant.
        """
        found = self.participants.get(participant)
        if found is None:
            known = nearest(str(participant), map(str, self.participants))
            raise UnknownParticipantError(
                f"no participant {participant}; add them first{known}"
            )
        return found

    def place(self, participant: int | None = None) -> Place:
        """Return where a participant stands, or the default one.

        Raises:
            UnknownParticipantError: if there is no such participant.
        """
        number = self.default if participant is None else participant
        progress = self.progress(number)
        return Place.of(number, progress, self.study.names(number))

    def configs(self, participant: int | None = None) -> list[dict[str, Json]]:
        """Return the configs of a participant's blocks in their order.

        Raises:
            UnknownParticipantError: if there is no such participant.
        """
        number = self.default if participant is None else participant
        self.progress(number)
        return self.study.configs(number)

    def config(self, participant: int | None = None) -> dict[str, Json]:
        """Return the config of the block that a participant is in.

        Raises:
            UnknownParticipantError: if there is no such participant.
            InactiveError: if they are in none: not started, or ended.
        """
        place = self.place(participant)
        if not place.is_active:
            hint = "has ended" if place.has_ended else "has not started; move them on"
            raise InactiveError(f"participant {place.participant} {hint}")
        return self.configs(participant)[place.position]

    def in_range(self, position: int, participant: int | None = None) -> None:
        """Let the position of a block pass that a participant has.

        Raises:
            UnknownParticipantError: if there is no such participant.
            OutOfRangeError: if there is no such block.
        """
        place = self.place(participant)
        if not 0 <= position < place.length:
            has = f"has blocks 0 to {place.length - 1}" if place.length else "has none"
            raise OutOfRangeError(
                f"no block {position}: participant {place.participant} {has}"
            )

    def apply(self, fact: Fact) -> None:
        """Take in what happened."""
        data = cast("dict[str, Any]", fact.data)
        match fact.type:
            case facts.OPENED:
                self.default = data["default_participant"]
                self.assignment = data["assignment"]
                self.abandoned_after_s = data["abandoned_after_s"]
            case facts.CONFIGURED:
                self._configure(data["study"], data["sha256"], data["text"])
            case facts.ADDED:
                self.participants[data["participant"]] = Progress(at=fact.at)
            case facts.MOVED:
                self._set(data["participant"], Progress(data["position"], at=fact.at))
            case facts.ENDED:
                self._set(data["participant"], Progress(has_ended=True, at=fact.at))
            case facts.ABANDONED:
                held = self.participants[data["participant"]]
                gone = replace(held, is_abandoned=True, at=fact.at)
                self._set(data["participant"], gone)
            case facts.ALL_MOVED:
                self._move_all(data["position"], frozenset(data["ended"]), fact.at)
            case _:
                pass

    def _configure(self, name: str, sha256: str, text: str) -> None:
        if (name, text) != (self.name, self.text):
            self._study = None
        self.name, self.sha256, self.text = name, sha256, text

    def _move_all(self, position: int, ended: Collection[int], at: float) -> None:
        """Move everybody; who is abandoned stays so, as nobody says that they are back."""
        self.participants = {
            each: Progress(
                BEFORE if each in ended else position,
                has_ended=each in ended,
                is_abandoned=progress.is_abandoned,
                at=at,
            )
            for each, progress in self.participants.items()
        }

    def _set(self, participant: int, progress: Progress) -> None:
        self.participants[participant] = progress
