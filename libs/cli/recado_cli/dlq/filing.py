"""Filing: the files that were made of dead letters, named one by one, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import click

from recado_cli.output import clean, count, print_line, talk


@dataclass(slots=True)
class Filing:
    """Where dead letters are filed; in the end it says how many were, of which queues."""

    location: Path
    as_json: bool = False
    counts: Counter[str] = field(default_factory=Counter[str])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for place, number in sorted(self.counts.items()):
            talk(clean(f"{count(number, 'message')} of {place} in files"))
        if error is None and not self.counts:
            talk("no dead letters were there")

    def print(self, place: str, path: Path) -> None:
        """Count a file, and print its name."""
        self.counts[place] += 1
        if self.as_json:
            print_line({"queue": place, "file": str(path)})
        else:
            click.echo(str(path))
