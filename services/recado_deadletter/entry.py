"""What a dead letter's message tells: read so that nothing in it can be refused.

A dead letter may come from us, from a foreign consumer or from the broker itself, with
headers that nobody checked. Whatever they hold, the message becomes an entry.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from recado.envelope import Envelope
from recado.errors import Problem, SchemaError
from recado.ids import new_id
from recado.letter import Failure, Letter, cleaned, read_history
from recado.message import LETTER, Message
from recado.notices import may_be_heard
from recado.revival import retries_of
from recado.schemas.letters import UNKNOWN

_FOREIGN_QUEUES: Final = ("original-destination", "x-first-death-queue")
_FOREIGN_REASONS: Final = (
    "x-first-death-reason",
    "x-last-death-reason",
    "dlqDeliveryFailureCause",
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A dead letter as it is indexed."""

    message: str
    """The message's id; a new one if it came without."""
    retries: int
    queue: str
    reason: str
    text: str
    at: float
    attempts: int
    body: bytes
    headers: Mapping[str, str]
    service: str = ""
    instance: str = ""
    run: str = ""
    step: int | None = None
    exception: str = ""
    traceback: str = ""
    problems: tuple[Problem, ...] = ()
    history: tuple[Failure, ...] = ()
    envelope: Envelope | None = field(default=None, compare=False, repr=False)
    """What the body holds, if its recipe has somebody hear of the failure."""


def read_entry(message: Message, now: float) -> Entry:
    """Return the entry for a dead letter; never raises, whatever the message holds.

    A message without an id gets a new one: two of them that look alike may be two, and
    to index one of them twice after a crash is better than to lose the other.
    """
    letter, trouble = _read_letter(message)
    envelope = _read_envelope(message)
    if letter is None:
        return _foreign(message, envelope, now, trouble)
    return Entry(
        message=cleaned(message.id) or new_id(),
        retries=retries_of(message.headers),
        queue=cleaned(letter.queue) or _foreign_queue(message, envelope),
        reason=letter.reason,
        text=cleaned(letter.text),
        at=letter.at if math.isfinite(letter.at) else now,
        attempts=letter.attempts,
        body=message.body,
        headers=message.headers,
        service=cleaned(letter.service),
        instance=cleaned(letter.instance),
        run=cleaned(letter.run) or _run(message, envelope),
        step=letter.step,
        exception=cleaned(letter.exception),
        traceback=cleaned(letter.traceback),
        problems=letter.problems,
        history=tuple(read_history(message.headers)),
        envelope=_heard(envelope),
    )


def _foreign(
    message: Message, envelope: Envelope | None, now: float, trouble: str
) -> Entry:
    told = next(filter(None, map(message.headers.get, _FOREIGN_REASONS)), "")
    text = trouble or (
        f"came without a letter; the broker says: {told}"
        if told
        else "came without a letter: a foreign consumer or the broker gave it up"
    )
    return Entry(
        message=cleaned(message.id) or new_id(),
        retries=retries_of(message.headers),
        queue=_foreign_queue(message, envelope),
        reason=UNKNOWN,
        text=cleaned(text),
        at=now,
        attempts=0,
        body=message.body,
        headers=message.headers,
        run=_run(message, envelope),
        step=envelope.pointer if envelope else None,
        history=tuple(read_history(message.headers)),
        envelope=_heard(envelope),
    )


def _read_letter(message: Message) -> tuple[Letter | None, str]:
    try:
        return Letter.read(message.headers), ""
    except SchemaError as error:
        return None, f"its {LETTER} header cannot be read: {error.problems[0]}"


def _read_envelope(message: Message) -> Envelope | None:
    if not message.is_recipe:
        return None
    try:
        return Envelope.read(message)
    except (SchemaError, ValueError):  # the latter for a step id of thousands of digits
        return None


def _heard(envelope: Envelope | None) -> Envelope | None:
    # The others' need not be kept: a body read takes ten times its bytes.
    return envelope if envelope and may_be_heard(envelope) else None


def _foreign_queue(message: Message, envelope: Envelope | None) -> str:
    if envelope and isinstance(queue := envelope.step.get("queue"), str):
        return cleaned(queue)
    told = next(filter(None, map(message.headers.get, _FOREIGN_QUEUES)), "")
    return cleaned(told.removeprefix("/queue/"))


def _run(message: Message, envelope: Envelope | None) -> str:
    return cleaned(message.run or (envelope.run if envelope else ""))
