"""How a dead letter goes back: which may, with what headers, and the event that tells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from recado import revival
from recado.events import Event
from recado.message import Message, Outgoing
from recado.schemas.letters import RefusedLetter, State


@dataclass(frozen=True, slots=True)
class Candidate:
    """A letter that is asked to go back."""

    seq: int
    id: str
    message: str
    queue: str
    state: State


@dataclass(frozen=True, slots=True)
class Frozen:
    """A letter that is on its way back: everything needed to send it."""

    seq: int
    id: str
    message: str
    retries: int
    queue: str
    """Where to; the queue it was given up on, or another if that was asked for."""
    headers: Mapping[str, str]
    body: bytes
    run: str


def sort_out(
    candidates: Sequence[Candidate], to_queue: str | None, missing: frozenset[str]
) -> tuple[list[Candidate], list[RefusedLetter]]:
    """Return the letters that may go back, and those that may not, with the reason."""
    going: list[Candidate] = []
    refused: list[RefusedLetter] = []
    for letter in candidates:
        if why := _refusal(letter, to_queue or letter.queue, missing):
            refused.append(RefusedLetter(letter=letter.id, why=why))
        else:
            going.append(letter)
    return going, refused


def _refusal(letter: Candidate, queue: str, missing: frozenset[str]) -> str:
    if letter.state == "retrying":
        return "is being retried already"
    if letter.state == "retried":
        return "was retried already; if its message died again, that is a new letter"
    if not queue:
        return "nothing tells which queue it was given up on; name one to send it to"
    if queue in missing:
        return (
            f"nobody has declared queue {queue!r}; start its service, or name another"
        )
    return ""


def resent(letter: Frozen) -> Outgoing:
    """Return the message as it was before it failed: same id, same bytes, one retry more."""
    headers = revival.revived(letter.headers, letter.message)
    return Outgoing(letter.queue, Message(letter.body, headers))


def retried_event(letter: Frozen, at: float) -> Event | None:
    """Return the event that tells of the retry; none for a message of no run."""
    if not (letter.run and Message(b"", letter.headers).is_recipe):
        return None
    retries = letter.retries + 1
    return revival.retried_event(
        letter.message, letter.id, letter.run, letter.queue, retries, at
    )
