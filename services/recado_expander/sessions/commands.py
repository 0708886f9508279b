"""What changes a session: each command decides which facts it adds, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar, cast

from recado.schemas.experiments import (
    HIGHEST_PARTICIPANT,
    ConfigureReply,
    MovedReply,
    OpenReply,
    OpenRequest,
)
from recado.studies import Source, is_path
from recado_expander.sessions.errors import AlreadyOpenError
from recado_experiment.document.reading import decoded
from recado_experiment.session import (
    Fact,
    OutOfRangeError,
    Session,
    abandon,
    add,
    configure,
    move_all,
    move_next,
    move_to,
    next_participant,
    open_session,
)
from recado_experiment.session.fact import ENDED
from recado_experiment.session.place import END

T_co = TypeVar("T_co", covariant=True)


class Command(Protocol[T_co]):
    """A change that is asked for; pure."""

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return the facts that it adds to a session; none if nothing changes."""
        ...

    def reply(self, facts: Sequence[Fact], session: Session) -> T_co:
        """Return the answer, from the facts that it has added.

        If it has added some, the answer depends on nothing that can change later.
        """
        ...


def is_open(session: Session) -> bool:
    """Say whether a session has begun."""
    return bool(session.sha256)


def text_of(source: Source) -> str:
    """Return a study's text.

    Raises:
        StudyError: if it is not UTF-8, or too long.
    """
    decoded(source.text, source.name)
    # A byte order mark, which that leaves out, counts in the digest.
    return source.text.decode()


@dataclass(frozen=True, slots=True)
class Open:
    """Begin a session; one that began in the same way is left as it is."""

    request: OpenRequest
    source: Source

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return how it begins.

        Raises:
            AlreadyOpenError: if it has begun otherwise.
            StudyError: if the study cannot be used.
        """
        if is_open(session):
            self._check(session)
            return []
        it = self.request
        return open_session(
            self.source.name,
            text_of(self.source),
            it.default_participant,
            it.assignment,
            it.abandoned_after_s,
        )

    def reply(self, facts: Sequence[Fact], session: Session) -> OpenReply:
        """Return how it began, or how it is."""
        session = Session.replay(facts) if facts else session
        return OpenReply(
            experiment=self.request.experiment,
            is_new=bool(facts),
            study=session.name,
            sha256=session.sha256,
            default_participant=session.default,
            assignment=session.assignment,
            abandoned_after_s=session.abandoned_after_s,
        )

    def _check(self, session: Session) -> None:
        it, source = self.request, self.source
        asked = (it.default_participant, it.assignment, it.abandoned_after_s)
        was = (session.default, session.assignment, session.abandoned_after_s)
        if asked != was:
            raise AlreadyOpenError(
                f"experiment {it.experiment!r} is open already, with default participant "
                f"{was[0]}, assignment {was[1]!r} and abandoned_after_s {was[2]}, and these "
                "stay; take another name"
            )
        # A file is looked at whenever its session is asked for, so its name is enough.
        if source.name == session.name and is_path(source.name):
            return
        if (source.name, source.sha256) != (session.name, session.sha256):
            raise AlreadyOpenError(
                f"experiment {it.experiment!r} is open already, with study "
                f"{session.name!r} of sha256 {session.sha256}, not {source.name!r} of "
                f"sha256 {source.sha256}; configure it to change that"
            )


@dataclass(frozen=True, slots=True)
class Configure:
    """Have a session go by another study."""

    experiment: str
    source: Source

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return the new study, if it is another one.

        Raises:
            StudyError: if it cannot be used for everybody who is there.
        """
        return configure(session, self.source.name, text_of(self.source))

    def reply(self, facts: Sequence[Fact], session: Session) -> ConfigureReply:
        """Return the study that it went by then."""
        session = Session.replay(facts) if facts else session
        return ConfigureReply(
            experiment=self.experiment,
            is_new=bool(facts),
            study=session.name,
            sha256=session.sha256,
        )


@dataclass(frozen=True, slots=True)
class MoveToNext:
    """Move a participant on."""

    participant: int | None

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return the move; none at the end."""
        return move_next(session, self.participant)

    def reply(self, facts: Sequence[Fact], session: Session) -> MovedReply:
        """Return the name of the block."""
        if not facts:
            return MovedReply(name=session.place(self.participant).name)
        if facts[0].type == ENDED:
            return MovedReply(name=END)
        return MovedReply(name=str(facts[0].data["name"]))


@dataclass(frozen=True, slots=True)
class MoveToBlock:
    """Move a participant to a block that they have."""

    participant: int | None
    block: int

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return the move; none if they are there."""
        session.in_range(self.block, self.participant)
        return move_to(session, self.block, self.participant)

    def reply(self, facts: Sequence[Fact], session: Session) -> int:
        """Return the block."""
        return self.block


@dataclass(frozen=True, slots=True)
class MoveAll:
    """Move everybody to a block that the default participant has."""

    block: int

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return the move."""
        session.in_range(self.block)
        return move_all(session, self.block)

    def reply(self, facts: Sequence[Fact], session: Session) -> int:
        """Return the block."""
        return self.block


@dataclass(frozen=True, slots=True)
class AddNext:
    """Add the participant whose turn it is."""

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return who it is, and who was abandoned in their favour.

        Raises:
            OutOfRangeError: if it is a number that no request can name.
            StudyError: if the study cannot be expanded for them.
        """
        facts = next_participant(session, now)
        chosen = self.reply(facts, session)
        if chosen > HIGHEST_PARTICIPANT:
            raise OutOfRangeError(
                f"no participant {chosen}: numbers end at {HIGHEST_PARTICIPANT}; "
                "add a free one by number"
            )
        return facts

    def reply(self, facts: Sequence[Fact], session: Session) -> int:
        """Return their number."""
        return cast("int", facts[-1].data["participant"])


@dataclass(frozen=True, slots=True)
class Add:
    """Add a participant."""

    participant: int

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return that they are there; nothing if they were before."""
        return add(session, self.participant)

    def reply(self, facts: Sequence[Fact], session: Session) -> bool:
        """Return whether they were not there before."""
        return bool(facts)


@dataclass(frozen=True, slots=True)
class Abandon:
    """Count a participant no more."""

    participant: int

    def decide(self, session: Session, now: float) -> list[Fact]:
        """Return that they are abandoned; nothing if they were before."""
        return abandon(session, self.participant)

    def reply(self, facts: Sequence[Fact], session: Session) -> bool:
        """Return whether they counted."""
        return bool(facts)
