"""Sessions, as far as no service is needed: options, and what is said without one."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.clients.experiments import Experiments
from recado.errors import RemoteError, RequestTimeoutError
from recado.schemas.experiments import EXPERIMENT_QUEUE
from recado_cli.common import Common
from recado_cli.experiment import asking
from recado_cli.failing import AwayError
from tests.unit.cli.conftest import AWAY, Command
from tests.unit.cli.embedded import Embedded


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["open", "pilot"], "give a STUDY or -f FILE, one of them"),
        (["open", "pilot", "a.toml", "-f", "b.toml"], "give a STUDY or -f FILE"),
        (["configure", "pilot"], "give a STUDY or -f FILE, one of them"),
        (["open", "pilot", "a", "--default", "0"], "0 is not in the range x>=1"),
        (["open", "pilot", "a", "--assignment", "nxt"], "'nxt' is not one of 'next'"),
        (
            ["open", "pilot", "a", "--abandoned-after", "1h"],
            "--abandoned-after needs --assignment completion",
        ),
        (
            ["open", "pilot", "a", "--abandoned-after", "soon"],
            "a length of time is 90s, 10m or 1h30m; not 'soon'",
        ),
        (["open", "pilot", "a", "--abandoned-after", "0s"], "not '0s'"),
        (["open", "pilot", "-f", "study.txt"], "a study's file ends in .toml"),
        (["move", "pilot", "1", "-p", "2", "--all"], "give either -p N or --all"),
        (["move", "pilot", "first"], "'first' is not a valid integer"),
        (["add", "pilot", "0"], "0 is not in the range x>=1"),
        (["abandon", "pilot"], "missing argument 'N'"),
    ],
)
def test_options_that_cannot_be_used_are_misuse(
    command: Command, args: list[str], said: str
) -> None:
    result = command("experiment", *args)

    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_a_file_that_is_not_there_is_told(command: Command) -> None:
    result = command("experiment", "open", "pilot", "-f", "study.toml")

    assert (result.code, result.err) == (1, "recado: no file 'study.toml'\n")


def test_a_file_that_is_no_text_is_told(command: Command, folder: Path) -> None:
    (folder / "study.toml").write_bytes(b"\xff")

    result = command("experiment", "open", "pilot", "-f", "study.toml")

    assert result.code == 1
    assert "line 1: not UTF-8" in result.err


def test_a_broker_that_is_away_is_told(command: Command) -> None:
    result = command("experiment", "ls", "--broker", AWAY)

    assert result.code == 1
    assert result.err.startswith("recado: ")
    assert len(result.err.splitlines()) == 1


def test_a_broker_that_was_never_started_is_told(command: Command) -> None:
    result = command("experiment", "next", "pilot")

    assert result.code == 1
    assert "start one with 'recado up'" in result.err


def test_an_expander_that_never_ran_is_told(command: Command, broker: Embedded) -> None:
    broker.declare("hello")

    result = command("experiment", "ls")

    assert result.code == 1
    assert "the expander service never ran on" in result.err


def test_an_expander_that_is_silent_is_told(
    command: Command, broker: Embedded, monkeypatch: pytest.MonkeyPatch
) -> None:
    broker.declare(EXPERIMENT_QUEUE)
    monkeypatch.setattr(asking, "PATIENCE_S", 0.1)

    result = command("experiment", "next", "pilot")

    assert result.code == 1
    assert "the expander service does not answer on" in result.err
    assert "is the suite running?" in result.err


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RequestTimeoutError("late"), "no answer; asking again"),
        (
            RemoteError("unavailable", "the event store does not answer: late; ask"),
            "the event store does not answer: late; asking again",
        ),
    ],
)
def test_what_may_be_done_is_asked_again_under_the_same_id(
    broker: Embedded,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    said: str,
) -> None:
    broker.declare(EXPERIMENT_QUEUE)
    ids: list[str] = []

    async def request(_: Experiments, id_: str) -> str:
        ids.append(id_)
        if len(ids) == 1:
            raise error
        return "done"

    assert asking.done(Common(), request) == "done"
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert capsys.readouterr().err == f"recado: {said}\n"


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (RequestTimeoutError("late"), AwayError),
        (RemoteError("unavailable", "the event store does not answer"), RemoteError),
    ],
)
def test_what_gets_no_answer_twice_is_said_to_be_left_open(
    broker: Embedded,
    capsys: pytest.CaptureFixture[str],
    error: Exception,
    raised: type[Exception],
) -> None:
    broker.declare(EXPERIMENT_QUEUE)

    async def request(_: Experiments, id_: str) -> str:
        raise error

    with pytest.raises(raised):
        asking.done(Common(), request)

    told = capsys.readouterr().err.splitlines()
    assert told[1:] == [
        "recado: it may be done all the same: 'recado experiment show' tells"
    ]


def test_what_is_refused_is_asked_once(broker: Embedded) -> None:
    broker.declare(EXPERIMENT_QUEUE)
    ids: list[str] = []

    async def request(_: Experiments, id_: str) -> str:
        ids.append(id_)
        raise RemoteError("inactive", "not begun")

    with pytest.raises(RemoteError):
        asking.done(Common(), request)
    assert len(ids) == 1
