"""A progress bar on a terminal, and nothing elsewhere."""

from __future__ import annotations

import io

import pytest

from recado_cli.progress import Progress


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_how_much_is_done() -> None:
    terminal = Terminal()

    with Progress("study", stream=terminal) as progress:
        progress.show(3, 25)

    assert "study" in terminal.getvalue()
    assert "3/25" in terminal.getvalue()


def test_nothing_is_shown_where_nobody_looks() -> None:
    stream = io.StringIO()

    with Progress("study", stream=stream) as progress:
        progress.show(3, 25)

    assert stream.getvalue() == ""


def test_a_bar_that_is_not_wanted_is_not_shown() -> None:
    terminal = Terminal()

    with Progress("study", is_shown=False, stream=terminal) as progress:
        progress.show(3, 25)

    assert terminal.getvalue() == ""


def test_a_note_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Progress("study")

    progress.note("no dispatcher")
    progress.note("no dispatcher")

    assert capsys.readouterr().err == "recado: no dispatcher\n"


def test_a_note_has_a_line_of_its_own_above_the_bar() -> None:
    terminal = Terminal()

    with Progress("study", stream=terminal) as progress:
        progress.show(3, 25)
        progress.note("no dispatcher")

    assert any(
        line.endswith("recado: no dispatcher")
        for line in terminal.getvalue().replace("\r", "\n").splitlines()
    )
