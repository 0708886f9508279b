"""How a job ended, by what its process, its wrapper and its stop say."""

from __future__ import annotations

import signal

import pytest

from recado.wrapping.ending import Ending, Reason, Stop, Word

TERM = Stop.by_signal(signal.SIGTERM)
LIMIT = Stop.by_limit(1.5)
DONE = Word(True, "")
FAILED = Word(False, "no beam")


@pytest.mark.parametrize(
    ("code", "stop", "expected"),
    [
        (0, None, Ending(Reason.DONE, 0)),
        (3, None, Ending(Reason.FAILED, 3, "exit code 3")),
        (-11, None, Ending(Reason.KILLED, 139, "killed by SIGSEGV")),
        (-40, None, Ending(Reason.KILLED, 168, "killed by signal 40")),
        (-15, TERM, Ending(Reason.CANCELLED, 143, "cancelled by SIGTERM")),
        (0, TERM, Ending(Reason.CANCELLED, 143, "cancelled by SIGTERM")),
        (
            -9,
            LIMIT,
            Ending(Reason.TIME_LIMIT, 124, "took longer than its time limit of 1.5 s"),
        ),
        (
            1,
            Stop.by_command(),
            Ending(Reason.CANCELLED, 143, "cancelled by a shutdown command"),
        ),
        (
            0,
            Stop.by_signal(signal.SIGINT),
            Ending(Reason.CANCELLED, 130, "cancelled by SIGINT"),
        ),
    ],
)
def test_a_command_ended_by_its_exit_code_unless_it_was_told_to(
    code: int, stop: Stop | None, expected: Ending
) -> None:
    assert Ending.of_command(code, stop) == expected


@pytest.mark.parametrize(
    ("code", "stop", "word", "expected"),
    [
        (0, None, DONE, Ending(Reason.DONE, 0)),
        (1, None, FAILED, Ending(Reason.FAILED, 1, "no beam")),
        (0, None, FAILED, Ending(Reason.FAILED, 1, "no beam")),
        # It has told that it is done; what comes after changes nothing of that.
        (-11, None, DONE, Ending(Reason.DONE, 0)),
        (0, TERM, DONE, Ending(Reason.DONE, 0)),
        (-11, None, FAILED, Ending(Reason.FAILED, 1, "no beam")),
        (1, TERM, FAILED, Ending(Reason.CANCELLED, 143, "cancelled by SIGTERM")),
        (-9, TERM, None, Ending(Reason.CANCELLED, 143, "cancelled by SIGTERM")),
        (-6, None, None, Ending(Reason.KILLED, 134, "killed by SIGABRT")),
    ],
)
def test_a_wrappers_own_word_holds(
    code: int, stop: Stop | None, word: Word | None, expected: Ending
) -> None:
    assert Ending.of_wrapper(code, stop, word) == expected


@pytest.mark.parametrize("code", [0, 3])
def test_a_wrapper_that_ends_without_a_word_has_failed(code: int) -> None:
    ending = Ending.of_wrapper(code, None, None)

    assert (ending.reason, ending.exit_code) == (Reason.FAILED, code or 1)
    assert ending.text == f"ended with exit code {code} before it had finished"
