"""Expansion: what one request sends, be it participants or smaller requests.

A request for more than a chunk of participants is split into smaller ones, at most ``fan``
of them, and those again: a tree, in which no message holds more than its share, however
many participants there are. Everything here only writes into the step's outbox.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from recado.errors import Problem, SchemaError
from recado.message import encode
from recado.step import Step
from recado_expander.request import Job
from recado_expander.sending import Sender
from recado_expander.studies import Prepared, problems_of
from recado_experiment import Ranges, StudyError, parse_ranges


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one handling does."""

    chunk: int = 500
    """Participants that are expanded, at most."""
    fan: int = 100
    """Smaller requests that are sent, at most."""
    room: int = 16 * 1024 * 1024
    """Bytes that are sent, about."""
    message: int = 32 * 1024
    """Bytes of a message for several participants, about: a consumer holds many at once."""


LIMITS: Final = Limits()


@dataclass(slots=True)
class Tally:
    """What became of a chunk: who was sent on, who failed and why, who was left."""

    sent: list[int]
    blocks: int
    failed: list[int]
    problems: list[Problem]
    left: list[int]


def split(
    job: Job, participants: Ranges, size: int, sha256: str, step: Step, limits: Limits
) -> int:
    """Send smaller requests for participants; return how many.

    ``size`` is what the smallest of them ask for, once the tree has come down to those.
    """
    whole = len(encode(job.smaller(participants, sha256)))
    each = whole + len(encode(step.envelope.recipe))
    fan = max(2, min(limits.fan, limits.room // each))
    requests = [job.smaller(piece, sha256) for piece in pieces(participants, size, fan)]
    for request in requests:
        step.checkpoint(request)
    return len(requests)


def pieces(participants: Ranges, size: int, fan: int) -> Iterator[Ranges]:
    """Yield at most ``fan`` pieces, as many as ``size`` times a power of ``fan`` in each."""
    while size * fan < len(participants):
        size *= fan
    return participants.chunks(size)


def expand(job: Job, prepared: Prepared, step: Step, limits: Limits) -> Tally:
    """Send the messages of a chunk's participants, and return what became of it.

    A participant whose draws fail does not keep the others back: those who fail are asked
    for again in a request of their own, which then fails as a whole. What finds no room is
    asked for again as well.

    Raises:
        SchemaError: if nobody could be expanded, with everybody's problems.
    """
    tally = _expanded(job, prepared, step, limits)
    if tally.failed and not tally.sent:
        raise SchemaError(job.name, tally.problems)
    if tally.failed:
        step.checkpoint(job.smaller(ranges(tally.failed), prepared.sha256))
    if tally.left:
        # Somewhat less than found room here, so that most of the pieces do find room.
        size = max(1, len(tally.sent) * 3 // 4)
        split(job, ranges(tally.left), size, prepared.sha256, step, limits)
    return tally


def _expanded(job: Job, prepared: Prepared, step: Step, limits: Limits) -> Tally:
    tally = Tally([], 0, [], [], [])
    participants = iter(job.participants)
    sender = Sender(step, job.by, limits.message)
    for participant in participants:
        try:
            blocks = prepared.study.expand(participant)
        except StudyError as error:
            tally.failed.append(participant)
            tally.problems += problems_of(error)
            continue
        sender.add(participant, blocks, prepared.provenance(participant))
        tally.sent.append(participant)
        tally.blocks += len(blocks)
        if sender.size >= limits.room:
            break
    sender.end()
    tally.left = list(participants)
    return tally


def ranges(participants: Iterable[int]) -> Ranges:
    """Return participants as ranges."""
    return parse_ranges(",".join(map(str, participants)))
