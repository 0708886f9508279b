"""What is to be wrapped: a command or an installed wrapper, and how."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recado.config import shown
from recado.log import Format, Level
from recado.wrapping.assignment import Assignment

_LONGEST_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class Order:
    """One job: what runs, with what, for how long, and what is told of it."""

    job: str
    """The job's id; with an assignment it is the assignment's."""
    assignment: Assignment | None = None
    wrapper: str = ""
    """The name of an installed wrapper; else ``command`` is run."""
    command: Sequence[str] = ()
    time_limit_s: float | None = None
    """Goes before what the recipe says."""
    result_files: Sequence[Path] = ()
    tail_bytes: int = 8192
    has_input: bool = False
    """Whether the job reads our standard input."""

    @property
    def name(self) -> str:
        """What the job is called in events and heartbeats."""
        return self.wrapper or Path(self.command[0]).name

    @property
    def task(self) -> str:
        """What the heartbeats say: the name, and what the recipe adds to it."""
        wishes = self.assignment.wishes if self.assignment else None
        more = wishes.task_information if wishes else None
        return f"{self.name} ({more})" if more else self.name

    @property
    def limit_s(self) -> float | None:
        """The time limit in seconds; none for as long as it takes."""
        if self.time_limit_s is None and self.assignment is not None:
            return self.assignment.wishes.time_limit_s
        return self.time_limit_s

    @property
    def program(self) -> list[str]:
        """What is executed: for a wrapper, the program that runs wrappers."""
        if self.wrapper:
            # Not with -m alone, or what stands in the working folder could be imported.
            return [sys.executable, "-P", "-m", "recado.wrapping.runner"]
        return list(self.command)

    def first_words(self, level: Level, format_: Format) -> dict[str, Any]:
        """Return what a wrapper is told first, on its line."""
        return {
            "wrapper": self.wrapper,
            "document": self.assignment.document if self.assignment else None,
            "task": self.task,
            "log_level": level,
            "log_format": format_,
        }

    def facts(self) -> dict[str, Any]:
        """Return what the events tell of it."""
        command = shown(" ".join(self.command))[:_LONGEST_SHOWN]
        said = {"wrapper": self.wrapper} if self.wrapper else {"command": command}
        return {**said, "task": self.task, "time_limit_s": self.limit_s}
