"""What a run was started from, as the command prints it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recado.errors import NotFoundError
from recado.schemas.events import LogbookReply, RunReply, RunStudy
from recado_cli.run.logbook import print_logbook, print_part
from recado_cli.run.page import print_run
from tests.unit.cli.conftest import Command


def run_reply(**changes: Any) -> RunReply:
    facts: dict[str, Any] = {
        "run": "r",
        "state": "done",
        "recipes": ["named"],
        "sent": 1,
        "handled": 1,
        "failed": 0,
        "dead": 0,
        "started_at": 1.0,
        "last_at": 2.0,
        "finishes": 1,
        "parameters": {},
        "request": "m",
        "steps": [],
        "dead_letters": [],
    }
    return RunReply.model_validate(facts | changes)


def book(**changes: Any) -> LogbookReply:
    facts: dict[str, Any] = {
        "run": "r",
        "request": "m",
        "at": 1.0,
        "headers": {"zocalo.go.user": "maria", "zocalo.go.host": "lab"},
        "body": {"recipes": ["named"]},
        "body_bytes": 21,
        "filters": [
            {"name": "ispyb", "changed": {"parameters.b": "i03"}, "removed": ["x"]}
        ],
        "parameters": {},
        "recipe": {"1": {"queue": "a"}},
    }
    return LogbookReply.model_validate(facts | changes)


def test_people_see_who_asked_for_what_and_what_filters_made_of_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_logbook(book())

    out = capsys.readouterr().out
    assert "from      maria at lab" in out
    assert 'asks for  {"recipes":["named"]}' in out
    assert 'ispyb   parameters.b = "i03"  x' in out


def test_a_request_that_was_too_large_is_told_by_its_size(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_logbook(book(body=None, body_bytes=10**6))

    assert "asks for  (1000000 bytes)" in capsys.readouterr().out


def test_a_part_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    print_part(run_reply(), book(), "recipe")

    assert json.loads(capsys.readouterr().out) == {"1": {"queue": "a"}}


@pytest.mark.parametrize("kept", [None, book(body=None)])
def test_a_part_that_nobody_wrote_down_is_an_error(kept: LogbookReply | None) -> None:
    with pytest.raises(NotFoundError, match="the request of run 'r' was not written"):
        print_part(run_reply(), kept, "request")


def test_a_run_that_waits_says_for_what_and_how_long(
    capsys: pytest.CaptureFixture[str],
) -> None:
    waiting = run_reply(state="waiting", text="is to be started later", until=100.0)

    print_run(waiting, ())

    out = capsys.readouterr().out.splitlines()
    assert out[1] == "state            waiting"
    assert out[2] == "why              is to be started later"
    assert out[3].startswith("until            1970-01-01")


def test_a_run_says_how_much_of_its_studies_is_done(
    capsys: pytest.CaptureFixture[str],
) -> None:
    studies = [
        RunStudy(study="reading@1.2", asked=1_000_000, done=350_000),
        RunStudy(study="text", asked=24, done=24),
    ]

    print_run(run_reply(studies=studies), ())

    out = capsys.readouterr().out
    assert "\nstudy            reading@1.2: 350,000 of 1,000,000 participants\n" in out
    assert "\nstudy            text: 24 of 24 participants\n" in out


def test_only_one_part_is_asked_for_at_a_time(command: Command) -> None:
    result = command("run", "show", "r", "--recipe", "--json")

    assert result.code == 2
    assert "--request, --recipe or --json: one of them" in result.err
