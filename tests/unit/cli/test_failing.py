"""What is said of an error, and the exit code for it."""

from __future__ import annotations

import errno

import click
import pytest

from recado.errors import ConfigError, Problem, RecipeError, RemoteError
from recado.schemas.letters import ShowRequest
from recado_cli.failing import AwayError, FailedError, tell


def unfit_request() -> Exception:
    try:
        ShowRequest(id="")
    except ValueError as error:
        return error
    raise AssertionError("an empty id is refused")


PROBLEMS = [Problem("start", "is missing"), Problem("1.queue", "is empty")]


@pytest.mark.parametrize(
    ("error", "code", "lines"),
    [
        (AwayError("nobody"), 1, ["recado: nobody"]),
        (FailedError("no"), 1, ["recado: no"]),
        (ConfigError("--x: bad\n--y: bad"), 2, ["recado: --x: bad", "  --y: bad"]),
        (
            RecipeError("recipe x", PROBLEMS),
            1,
            [
                "recado: recipe x: 2 problems",
                "  start: is missing",
                "  1.queue: is empty",
            ],
        ),
        (
            RemoteError("busy", "full", PROBLEMS[:1]),
            1,
            ["recado: full", "  start: is missing"],
        ),
        (FileNotFoundError(2, "No such file", "x"), 1, ["recado: x: No such file"]),
        (OSError("odd"), 1, ["recado: odd"]),
        (
            OSError(errno.ENOSPC, "No space left on device"),
            1,
            ["recado: standard out: No space left on device"],
        ),
        (click.UsageError("Bad thing."), 2, ["recado: bad thing"]),
        (
            RuntimeError("odd"),
            1,
            ["recado: a fault in recado itself: RuntimeError: odd (-v shows where)"],
        ),
        (KeyboardInterrupt(), 130, []),
        (click.Abort(), 130, []),
        (click.exceptions.Exit(3), 3, []),
        (SystemExit(4), 4, []),
        (SystemExit("text"), 1, []),
    ],
)
def test_an_error_has_its_lines_and_its_exit_code(
    capsys: pytest.CaptureFixture[str],
    error: BaseException,
    code: int,
    lines: list[str],
) -> None:
    assert tell(error) == code
    assert capsys.readouterr().err.splitlines() == lines


def test_a_ctrl_c_that_was_turned_into_another_error_is_still_one() -> None:
    error = RuntimeError("an import that was interrupted")
    error.__cause__ = KeyboardInterrupt()

    assert tell(error) == 130


def test_what_a_request_refuses_is_told_with_its_place(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert tell(unfit_request()) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "recado: the request: 1 problem"
    assert second.startswith("  id: ")


def test_the_traceback_is_shown_when_it_is_asked_for(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell(AwayError("nobody"), is_verbose=True)

    assert "AwayError: nobody" in capsys.readouterr().err


def test_a_text_from_elsewhere_cannot_steer_the_terminal(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tell(AwayError("red \x1b[31m text"))

    assert "\x1b" not in capsys.readouterr().err
