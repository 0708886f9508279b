"""A progress bar on standard error, where that is a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, TextIO

from recado_cli.output import talk

if TYPE_CHECKING:
    from rich.progress import Progress as Bar


class Progress:
    """Shows how many of a run's messages are settled; nothing where nobody looks."""

    def __init__(
        self, title: str, *, is_shown: bool = True, stream: TextIO | None = None
    ) -> None:
        target = sys.stderr if stream is None else stream
        self._bar = _bar(target) if is_shown and target.isatty() else None
        self._task = self._bar.add_task(title, total=None) if self._bar else None
        self._noted = ""

    def __enter__(self) -> Progress:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, settled: int, sent: int | None = None) -> None:
        """Show how many messages are settled, and of how many, if that is known."""
        if self._bar is not None and self._task is not None:
            total = None if sent is None else max(sent, 1)
            self._bar.update(self._task, completed=settled, total=total)

    def note(self, text: str) -> None:
        """Say something once, however often it is noted."""
        if text != self._noted:
            self._noted = text
            if self._bar is None:
                talk(text)
            else:
                # Above the bar, whose line is not ended yet.
                line = f"recado: {text}"
                self._bar.print(line, markup=False, highlight=False, soft_wrap=True)


def _bar(stream: TextIO) -> Bar:
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
    )
    from rich.progress import Progress as Bar

    return Bar(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=Console(file=stream),
        transient=True,
    )
