"""Merged log lines."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Generator

import pytest

from recado_cli.lines import Merged, parsed

LINE = json.dumps(
    {
        "at": "2026-01-31T12:00:00.000Z",
        "level": "warning",
        "event": "message.failed",
        "service": "hello",
        "instance": "host.1",
        "error": "no luck",
        "attempt": 2,
    }
)


@pytest.fixture(autouse=True)
def utc(monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Have this process be where the time is UTC."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def written(format_: str, label: str, line: str, *, colours: bool = False) -> str:
    stream = io.StringIO()
    merged = Merged(stream, format_, width=8, has_colours=colours)  # type: ignore[arg-type] # either is right
    merged.write(label, line, parsed(line))
    return stream.getvalue()


def test_a_log_line_is_read_and_anything_else_is_text() -> None:
    assert parsed(LINE) is not None
    assert parsed("plain text") is None
    assert parsed("{broken") is None
    assert parsed('{"no": "event of ours"}') is None
    assert parsed("[1, 2]") is None


def test_a_person_gets_the_label_the_time_the_event_and_the_facts() -> None:
    assert written("console", "hello", LINE) == (
        'hello    | 12:00:00 warning message.failed error="no luck" attempt=2\n'
    )


def test_an_instance_of_many_has_its_number() -> None:
    assert written("console", "hello.2", LINE).startswith("hello.2  | 12:00:00")


def test_facts_about_another_service_are_shown() -> None:
    assert "service=hello instance=host.1" in written("console", "registry", LINE)


def test_a_traceback_has_the_label_in_front_of_each_line() -> None:
    line = json.dumps({"event": "x", "exception": "Traceback\n  File"})

    lines = written("console", "hello", line).splitlines()

    assert len(lines) == 3
    assert all(each.startswith("hello    | ") for each in lines)


def test_a_line_that_is_no_event_is_shown_as_it_is() -> None:
    assert written("console", "hello", "bang") == "hello    | bang\n"


def test_colours_come_only_where_they_are_wanted() -> None:
    assert "\x1b[" not in written("console", "hello", LINE)
    assert "\x1b[" in written("console", "hello", LINE, colours=True)


def test_a_service_cannot_steer_the_terminal() -> None:
    assert "\x1b" not in written("console", "hello", "\x1b[2J")


def test_json_lines_pass_as_they_are() -> None:
    assert written("json", "hello", LINE) == f"{LINE}\n"


def test_text_among_json_lines_becomes_one() -> None:
    said = json.loads(written("json", "hello.2", "bang"))

    assert (said["event"], said["from"], said["text"]) == (
        "process.said",
        "hello.2",
        "bang",
    )


def test_the_supervisor_says_which_instance_it_means() -> None:
    line = json.dumps(
        {"event": "process.ended", "service": "recado", "instance": "hello.2"}
    )

    assert "process.ended instance=hello.2" in written("console", "recado", line)


def test_lists_and_tables_are_as_short_as_they_can_be() -> None:
    line = json.dumps(
        {"event": "x", "queues": ["a", "b"], "policy": {"n": 5, "s": 1.5}, "none": []}
    )

    assert "x queues=a,b policy=n:5,s:1.5 none=[]" in written("console", "hello", line)


def test_the_time_is_that_of_this_hosts_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "IST-5:30")
    time.tzset()

    assert "| 17:30:00 warning" in written("console", "hello", LINE)
