"""Notices: what a recipe's error outputs are sent when a message was given up.

The steps that the failed step's ``error`` names hear of it; if it names none, those that
the recipe's own ``error`` names. None hears of what failed in it, or behind it.
"""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from recado.envelope import Envelope
from recado.errors import Problem, ProblemsError, RecipeError
from recado.message import Outgoing, encode
from recado.outbox import Outbox
from recado.recipe import Recipe
from recado.transport.sizes import MAX_BODY

_MOST_STEPS: Final = 100
_MOST_BYTES: Final = MAX_BODY
_is_topic: Final = re.compile(r"(?!amq\.)[A-Za-z0-9_.:/-]{1,200}").fullmatch


class Failed(Protocol):
    """Why a message was given up: a :class:`recado.letter.Letter`, or what is like one."""

    @property
    def reason(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def queue(self) -> str: ...
    @property
    def service(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def at(self) -> float: ...
    @property
    def exception(self) -> str: ...
    @property
    def problems(self) -> Sequence[Problem]: ...


@dataclass(frozen=True, slots=True)
class Notice:
    """A message to one step that hears of a failure, and what it adds to the run's account.

    It has no more than one queue and one topic; it goes past exchanges.
    """

    step: int
    outgoing: tuple[Outgoing, ...]
    children: int
    checksum: int

    @property
    def queues(self) -> set[str]:
        """The queue that it goes to, if it goes to one."""
        return {each.queue for each in self.outgoing if not each.is_topic}

    @property
    def size(self) -> int:
        """The bytes of its body."""
        return len(self.outgoing[0].message.body)


@dataclass(frozen=True, slots=True)
class Telling:
    """Who hears of a failure, and why others do not who should."""

    notices: tuple[Notice, ...] = ()
    troubles: tuple[str, ...] = ()

    @property
    def queues(self) -> set[str]:
        """The queues that the notices go to."""
        return {queue for notice in self.notices for queue in notice.queues}

    @property
    def size(self) -> int:
        """The bytes of all the notices."""
        return sum(notice.size for notice in self.notices)

    def without(self, missing: Container[str]) -> Telling:
        """Return what can be told if nobody has declared some queues."""
        kept: list[Notice] = []
        troubles = list(self.troubles)
        for notice in self.notices:
            if lost := [queue for queue in notice.queues if queue in missing]:
                troubles.append(
                    f"step {notice.step}: nobody has declared queue {lost[0]!r}"
                )
            else:
                kept.append(notice)
        return Telling(tuple(kept), tuple(troubles))


def payload_of(letter: str, failed: Failed, payload: object) -> dict[str, Any]:
    """Return what is told: why the message was given up, and what it held."""
    error = {
        "reason": failed.reason,
        "text": failed.text,
        "queue": failed.queue,
        "service": failed.service,
        "attempts": failed.attempts,
        "at": failed.at,
        "letter": letter,
        "exception": failed.exception,
        "problems": failed.problems,
    }
    return {"error": error, "payload": payload}


def may_be_heard(envelope: Envelope) -> bool:
    """Whether a recipe has error outputs at all for the failure of its message."""
    return bool(envelope.step.get("error") or envelope.recipe.get("error"))


def hearers(envelope: Envelope) -> list[int]:
    """Return the steps that hear of the failure of an envelope's message, each once.

    Raises:
        RecipeError: if the failed step's links cannot be read.
    """
    recipe = Recipe.trusted(envelope.recipe)
    been = {str(step) for step in (*envelope.path, envelope.pointer)}
    own = dict.fromkeys(recipe.step(envelope.pointer).error)
    if own:
        return [step for step in own if str(step) not in been]
    common = dict.fromkeys(recipe.error)
    return [] if any(str(step) in been for step in common) else list(common)


def tell(envelope: Envelope, cause: str, letter: str, failed: Failed) -> Telling:
    """Return the notices of a failure; ``cause`` is the id of the message that failed.

    Their ids derive from the message's and the letter's, so that a letter taken twice tells
    the same, and a message that dies a second time tells again. Nobody need have checked
    the recipe: what is wrong with it is a trouble, and no error.
    """
    try:
        steps = hearers(envelope)
        value = payload_of(letter, failed, envelope.payload)
        recipe = encode(envelope.recipe)
        size = len(recipe) + len(encode(value))
    except ProblemsError as error:
        return Telling(troubles=(str(error),))
    # Whoever wrote the recipe is not to fill the memory with copies of it.
    most = min(_MOST_STEPS, _MOST_BYTES // size)
    notices: list[Notice] = []
    troubles = [f"more than {most} steps are to hear of it"] if steps[most:] else []
    for step in steps[:most]:
        try:
            notices.append(_notice(envelope, step, cause, letter, value, recipe))
        except ProblemsError as error:
            troubles.append(str(error))
    return Telling(tuple(notices), tuple(troubles))


def _notice(
    envelope: Envelope, step: int, cause: str, letter: str, value: object, recipe: bytes
) -> Notice:
    outbox = Outbox(cause)
    path = [*envelope.path, envelope.pointer]
    channel = f"error/{letter}/{step}"
    outbox.send_step(envelope, step, path, value, recipe=recipe, channel=channel)
    for outgoing in outbox.outgoing:
        outgoing.exchange = ""
        if outgoing.is_topic and not _is_topic(outgoing.queue):
            # Queues can be looked for; a topic is there as soon as somebody sends to it.
            text = f"{outgoing.queue!r:.200} is not a topic that any broker can have"
            raise RecipeError("recipe", [Problem(f"{step}.topic", text)])
    return Notice(step, tuple(outbox.outgoing), outbox.children, outbox.checksum)
