"""Why a message was given up: the letter that rides with it to the dead letters.

The message's bytes and headers stay as they were; the letter is one header more, and the
history of its failed attempts another. Both are JSON, and bounded, since some brokers take
only small headers.
"""

from __future__ import annotations

import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal, TypeAlias

from pydantic import TypeAdapter, ValidationError

from recado.errors import Problem, SchemaError
from recado.ids import as_id, derived_id
from recado.message import HISTORY, LETTER, encode

Reason: TypeAlias = Literal[
    "error", "timeout", "rejected", "schema", "unroutable", "ceiling"
]
"""error, timeout: it failed at each attempt. rejected: the handler gave it up. schema: its
content breaks the schema. unroutable: it sends to an undeclared queue. ceiling: the
transport ended it, its handling never came to a verdict."""

SHORT: Final = 12
"""The hex digits of a letter's id, mostly."""
TEXT_LIMIT: Final = 2_000
"""The characters of a letter's text, at most."""
_TRACEBACK_LIMIT: Final = 8_000
_PROBLEM_LIMIT: Final = 50
_HISTORY_LIMIT: Final = 10


@dataclass(frozen=True, slots=True)
class Letter:
    """The reason for which a message was given up, and where and when it was."""

    reason: Reason
    text: str
    queue: str
    attempts: int
    at: float
    """Seconds since the epoch."""
    service: str = ""
    instance: str = ""
    run: str = ""
    step: int | None = None
    exception: str = ""
    traceback: str = ""
    problems: tuple[Problem, ...] = ()

    def header(self) -> dict[str, str]:
        """Return the letter as the header it travels in."""
        fields = asdict(self) | {
            "text": self.text[:TEXT_LIMIT],
            "traceback": self.traceback[-_TRACEBACK_LIMIT:],
            "problems": [
                {
                    "path": cleaned(problem.path[:200]),
                    "text": cleaned(problem.text[:500]),
                }
                for problem in self.problems[:_PROBLEM_LIMIT]
            ],
        }
        return {LETTER: encode(fields).decode()}

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Letter | None:
        """Return the letter of a dead letter; none for one that came without any.

        Raises:
            SchemaError: if it is none of ours: the header came over the wire.
        """
        text = headers.get(LETTER)
        if text is None:
            return None
        try:
            return _LETTERS.validate_json(cleaned(text))
        except ValidationError as error:
            first = error.errors()[0]
            problem = Problem(".".join(map(str, first["loc"])), first["msg"])
            raise SchemaError(f"header {LETTER}", [problem]) from error


_LETTERS: Final = TypeAdapter(Letter)


def letter_id(message_id: str, retries: int, length: int = SHORT) -> str:
    """Return a letter's id: the first hex digits of what derives from the message's id.

    The dead letters' index takes more of them if two letters share the short one.
    """
    derived = derived_id(as_id(message_id), f"letter/{retries}")
    return derived.replace("-", "")[:length]


@dataclass(frozen=True, slots=True)
class Failure:
    """One failed attempt: its number, when, where, and the error."""

    attempt: int
    at: float
    instance: str
    error: str
    allowed: int = 0
    """How many attempts the message had by then; 0 for any number, or if nobody told."""


_FAILURES: Final = TypeAdapter(list[Failure])


def read_history(headers: Mapping[str, str]) -> list[Failure]:
    """Return the failed attempts that a message's headers tell of, oldest first.

    What cannot be read there tells of none: the header came over the wire.
    """
    try:
        return _FAILURES.validate_json(cleaned(headers.get(HISTORY, "[]")))
    except ValidationError:
        return []


def history_header(past: Sequence[Failure], latest: Failure) -> dict[str, str]:
    """Return the header that tells of the latest failure too; of ten in all at most."""
    entries = [*past, latest][-_HISTORY_LIMIT:]
    shown = [asdict(entry) | {"error": entry.error[:500]} for entry in entries]
    return {HISTORY: encode(shown).decode()}


def describe(error: BaseException) -> tuple[str, str]:
    """Return an exception's text, with its type, and its traceback; both bounded."""
    text = "".join(traceback.format_exception_only(error)).strip()
    trace = "".join(traceback.format_exception(error))
    return cleaned(text[:TEXT_LIMIT]), cleaned(trace[-_TRACEBACK_LIMIT:])


def cleaned(text: str) -> str:
    """Return a text with half characters escaped: no database and no JSON takes them."""
    return text.encode("utf-8", "backslashreplace").decode()
