"""Decisions: which facts a command adds to a session.

Each returns the facts, none if nothing changes, or raises why it cannot be done; it changes
nothing itself.
"""

from __future__ import annotations

from hashlib import sha256

from recado.errors import Problem
from recado_experiment.errors import StudyError
from recado_experiment.session import fact as facts
from recado_experiment.session.assignment import least_filled, unused
from recado_experiment.session.fact import Assignment, Fact
from recado_experiment.session.place import BEFORE, START
from recado_experiment.session.session import Session
from recado_experiment.study import Study


def open_session(
    name: str,
    text: str,
    default_participant: int = 1,
    assignment: Assignment = "next",
    abandoned_after_s: float | None = None,
) -> list[Fact]:
    """Begin a session with a study; the default participant is there from the start.

    With ``abandoned_after_s``, and assignment by completion, whoever has not moved for so
    many seconds, and not ended, is abandoned when the next participant is asked for.

    Raises:
        StudyError: if the study cannot be used, or not for the default participant.
    """
    Study.read(text, name).expand(default_participant)
    return [
        facts.opened(default_participant, assignment, abandoned_after_s),
        facts.configured(name, digest(text), text),
        facts.added(default_participant),
    ]


def configure(session: Session, name: str, text: str) -> list[Fact]:
    """Go by another study from now on; everybody stays where they are.

    Raises:
        StudyError: if it cannot be used, or not for everybody who is there; with every
            problem.
    """
    if (name, text) == (session.name, session.text):
        return []
    study = Study.read(text, name)
    problems: list[Problem] = []
    for participant in session.participants:
        try:
            study.expand(participant)
        except StudyError as error:
            problems += error.problems
    if problems:
        raise StudyError(name, problems)
    return [facts.configured(name, digest(text), text)]


def add(session: Session, participant: int) -> list[Fact]:
    """Add a participant; nothing if they are there.

    Raises:
        StudyError: if the study cannot be expanded for them; a number below 1 among that.
    """
    if participant in session.participants:
        return []
    session.study.expand(participant)
    return [facts.added(participant)]


def next_participant(session: Session, now: float) -> list[Fact]:
    """Add the participant whose turn it is; the last fact says who that is.

    Raises:
        StudyError: if the study cannot be expanded for them.
    """
    if session.assignment == "next":
        return add(session, max(session.participants, default=0) + 1)
    gone = _overdue(session, now)
    counted = (
        participant
        for participant, progress in session.participants.items()
        if not progress.is_abandoned and participant not in gone
    )
    period = session.study.period
    row = least_filled(counted, period)
    chosen = unused(row, period, session.participants)
    return [*map(facts.abandoned, gone), *add(session, chosen)]


def move_next(session: Session, participant: int | None = None) -> list[Fact]:
    """Move a participant to the next block, or behind the last one and no further.

    Raises:
        UnknownParticipantError: if there is no such participant.
    """
    return move_to(session, session.place(participant).position + 1, participant)


def move_to(
    session: Session, position: int, participant: int | None = None
) -> list[Fact]:
    """Move a participant to a block; below 0 is before the first, beyond is the end.

    Raises:
        UnknownParticipantError: if there is no such participant.
    """
    place = session.place(participant)
    number = place.participant
    target = min(max(position, BEFORE), place.length)
    if target == place.length:
        # At the end of a list that became shorter is not ended: it may grow again.
        has_ended = session.progress(number).has_ended
        return [] if has_ended and not place.is_abandoned else [facts.ended(number)]
    if target == place.position and not place.is_abandoned:
        return []
    name = START if target == BEFORE else session.study.names(number)[target]
    return [facts.moved(number, target, name)]


def move_all(session: Session, position: int) -> list[Fact]:
    """Move everybody to a block, as ``move_to`` does, whether they have begun or not.

    Who is abandoned is moved as well, and stays abandoned.
    """
    lengths = {each: len(session.study.names(each)) for each in session.participants}
    target = min(max(position, BEFORE), max(lengths.values(), default=0))
    ended = [each for each, length in lengths.items() if length <= target]
    moved = session.copy()
    moved.apply(fact := facts.all_moved(target, ended))
    is_moved = any(
        progress.differs_from(session.participants[each])
        for each, progress in moved.participants.items()
    )
    return [fact] if is_moved else []


def abandon(session: Session, participant: int | None = None) -> list[Fact]:
    """Count a participant no more; a move brings them back.

    Raises:
        UnknownParticipantError: if there is no such participant.
    """
    number = session.default if participant is None else participant
    is_gone = session.progress(number).is_abandoned
    return [] if is_gone else [facts.abandoned(number)]


def digest(text: str) -> str:
    """Return the SHA-256 of a study's text, in hexadecimal digits."""
    return sha256(text.encode()).hexdigest()


def _overdue(session: Session, now: float) -> list[int]:
    """Return who is abandoned by now: has not ended, and not moved for too long."""
    if session.abandoned_after_s is None:
        return []
    oldest = now - session.abandoned_after_s
    return [
        participant
        for participant, progress in session.participants.items()
        if progress.at < oldest
        and not progress.is_abandoned
        and not session.place(participant).has_ended
    ]
