"""How a job ended: what its exit code, its own word, and the stop it was told mean."""

from __future__ import annotations

import signal
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

TIME_LIMIT: Final = 124
"""As ``timeout`` has it."""
UNSENT: Final = 75
"""The job is done, and some of its outputs wait on disk: EX_TEMPFAIL."""
FAILED: Final = 1


class Reason(StrEnum):
    """Why a job ended."""

    DONE = "done"
    FAILED = "failed"
    KILLED = "killed"
    TIME_LIMIT = "time_limit"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Stop:
    """What a job was told to end for: a signal, a command, or its time limit."""

    reason: Reason
    text: str
    exit_code: int

    @classmethod
    def by_signal(cls, number: signal.Signals) -> Stop:
        """Return the stop that a signal to us asks for."""
        return cls(Reason.CANCELLED, f"cancelled by {number.name}", 128 + number)

    @classmethod
    def by_command(cls) -> Stop:
        """Return the stop that a shutdown command asks for."""
        code = 128 + signal.SIGTERM
        return cls(Reason.CANCELLED, "cancelled by a shutdown command", code)

    @classmethod
    def by_limit(cls, seconds: float) -> Stop:
        """Return the stop when the time is over."""
        text = f"took longer than its time limit of {seconds:g} s"
        return cls(Reason.TIME_LIMIT, text, TIME_LIMIT)


@dataclass(frozen=True, slots=True)
class Word:
    """What a wrapper said of its own end, after it had sent its outputs."""

    is_done: bool
    text: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a job ended; ``text`` says why, unless all went well."""

    reason: Reason
    exit_code: int
    text: str = ""

    @property
    def is_done(self) -> bool:
        """Whether the job did what it was to do."""
        return self.reason is Reason.DONE

    @classmethod
    def of_command(cls, code: int, stop: Stop | None) -> Ending:
        """Return how a command ended, by its exit code."""
        if stop is not None:
            return cls(stop.reason, stop.exit_code, stop.text)
        if code < 0:
            return cls(Reason.KILLED, 128 - code, f"killed by {_name(-code)}")
        if code:
            return cls(Reason.FAILED, code, f"exit code {code}")
        return cls(Reason.DONE, 0)

    @classmethod
    def of_wrapper(cls, code: int, stop: Stop | None, word: Word | None) -> Ending:
        """Return how a wrapper ended, which says so itself if it can.

        What it has told others holds, whatever became of its process after that.
        """
        if word is not None and word.is_done:
            return cls(Reason.DONE, 0)
        if word is not None and stop is None:
            return cls(Reason.FAILED, code if code > 0 else FAILED, word.text)
        if stop is not None or code < 0:
            return cls.of_command(code, stop)
        text = f"ended with exit code {code} before it had finished"
        return cls(Reason.FAILED, code or FAILED, text)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
