"""How an attempt ends: what was raised, the attempt's number and the policy decide."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from recado.errors import ProblemsError, RecadoError, UnroutableError
from recado.letter import (
    TEXT_LIMIT,
    Failure,
    Letter,
    Reason,
    cleaned,
    describe,
    history_header,
    read_history,
)
from recado.message import Message
from recado.retry import Reject, RetryLater, RetryPolicy

_HISTORY_KEPT: Final = 10
_LONGEST_WAIT_S: Final = 30 * 86_400.0


class HandlingTimeoutError(TimeoutError):
    """Raised when a handler takes longer than its service allows."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        super().__init__(f"took longer than {seconds:g} s")


@dataclass(frozen=True, slots=True)
class Place:
    """Where messages of one queue are handled: by which service and instance."""

    service: str
    instance: str
    queue: str
    policy: RetryPolicy = field(default_factory=RetryPolicy)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One handling of a message, as the judge sees it."""

    place: Place
    message: Message
    number: int
    at: float
    run: str = ""
    step: int | None = None


@dataclass(frozen=True, slots=True)
class Retry:
    """The message comes back after a time."""

    after_s: float
    headers: Mapping[str, str]
    error: str


@dataclass(frozen=True, slots=True)
class Dead:
    """The message is given up."""

    letter: Letter
    headers: Mapping[str, str]


# What recado says itself needs no exception's name before it.
_IN_OWN_WORDS: Final = (Reject, RetryLater, HandlingTimeoutError, RecadoError)

Judgement: TypeAlias = Retry | Dead


def judge(error: BaseException, attempt: Attempt, chance: float) -> Judgement:
    """Return how an attempt that raised an error ends; ``chance`` is in [0, 1)."""
    error = _only(error)
    text = _text(error)
    if isinstance(error, Reject):
        return _dead(error, attempt, "rejected", text)
    if isinstance(error, ProblemsError):
        return _dead(error, attempt, "schema", text)
    policy = attempt.place.policy
    if attempt.number >= policy.attempts:
        return _dead(error, attempt, _reason(error), text)
    after_s = (
        min(max(0.0, error.after_s), _LONGEST_WAIT_S)
        if isinstance(error, RetryLater)
        else policy.delay_s(attempt.number, chance)
    )
    return Retry(after_s, _history(attempt, text), text)


def exhausted(attempt: Attempt) -> Dead | None:
    """Return the end of a message whose attempts were used up before this one began.

    An attempt that ends in an error is judged then. What is left to be given up here are
    messages whose last attempt never came to a verdict.
    """
    if attempt.number <= attempt.place.policy.attempts:
        return None
    tried = attempt.number - 1
    past = read_history(attempt.message.headers)
    seen_from = past[0].attempt if len(past) >= _HISTORY_KEPT else 1
    silent = max(0, tried - seen_from + 1 - len(past))
    text = (
        f"gave up after {tried} attempts; {silent} of them ended without a verdict: "
        "the process died or its lease ended"
    )
    letter = _letter(attempt, "ceiling", text, tried)
    return Dead(letter, letter.header())


def _only(error: BaseException) -> BaseException:
    # A task group has a verdict of one of its tasks raised in a group.
    if not issubclass(type(error), BaseExceptionGroup):
        return error
    inner: Sequence[BaseException] = getattr(error, "exceptions", ())
    return _only(inner[0]) if len(inner) == 1 else error


def _text(error: BaseException) -> str:
    if isinstance(error, _IN_OWN_WORDS):
        try:
            return cleaned(str(error)[:TEXT_LIMIT])
        except Exception:
            # What it was made with cannot be shown; describing it says so.
            return describe(error)[0]
    return describe(error)[0]


def _reason(error: BaseException) -> Reason:
    if isinstance(error, HandlingTimeoutError):
        return "timeout"
    if isinstance(error, UnroutableError):
        return "unroutable"
    return "error"


def _dead(error: BaseException, attempt: Attempt, reason: Reason, text: str) -> Dead:
    letter = _letter(attempt, reason, text, attempt.number, error)
    headers = letter.header() | _history(attempt, text)
    return Dead(letter, headers)


def _letter(
    attempt: Attempt,
    reason: Reason,
    text: str,
    attempts: int,
    error: BaseException | None = None,
) -> Letter:
    told = error is not None and reason in {"error", "timeout", "unroutable"}
    return Letter(
        reason=reason,
        text=text,
        queue=attempt.place.queue,
        attempts=attempts,
        at=attempt.at,
        service=attempt.place.service,
        instance=attempt.place.instance,
        run=attempt.run,
        step=attempt.step,
        exception=_name(type(error)) if error else "",
        traceback=describe(error)[1] if error and told else "",
        problems=error.problems if isinstance(error, ProblemsError) else (),
    )


def _name(kind: type[BaseException]) -> str:
    prefix = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    return prefix + kind.__qualname__


def _history(attempt: Attempt, text: str) -> dict[str, str]:
    place = attempt.place
    allowed = place.policy.allowed
    failure = Failure(attempt.number, attempt.at, place.instance, text, allowed)
    return history_header(read_history(attempt.message.headers), failure)
