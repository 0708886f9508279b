"""A view on a screen of some size, and the lines for what has changed."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import datetime

import pytest
from rich.console import Console

from recado_cli.monitor.changes import changes, line_of
from recado_cli.monitor.drawing import bar, growth, screen
from recado_cli.monitor.view import InstanceRow, QueueRow, View

HELLO = InstanceRow(
    "hello",
    "uk.ac.x.ws1.4567",
    "processing",
    1.0,
    share=0.5,
    in_work=3,
    concurrency=8,
    rate=12.0,
    handled=1234,
    dead=1,
    version="0.1.0",
    tag="blue",
)
VIEW = View(
    "amqp://rabbit/",
    True,
    (HELLO, InstanceRow("old", "ws.2", "idle", 70.0, is_ours=False)),
    (QueueRow("hello", 10, 0, 3, 7), QueueRow("quiet", 0, 0, 0)),
    {"running": "2", "done": "0"},
    5,
    ("registry",),
)


def drawn(
    view: View, width: int, height: int = 40, *, has_colours: bool = False
) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, height=height, force_terminal=has_colours
    )
    console.print(screen(view, width, height, datetime(2026, 1, 31, 12, 0)))
    return stream.getvalue()


def test_a_wide_screen_shows_everything() -> None:
    text = drawn(VIEW, 130)

    for word in (
        "recado  12:00:00  q quits  amqp://rabbit/",
        "dead letters: 5   runs: 2 running",
        "not answering: registry",
        "uk.ac.x.ws1.4567",
        "████      50%",
        "3/8",
        "12/s",
        "1,234",
        "0.1.0",
        "blue",
        "70 s",
        "▲ 7",
    ):
        assert word in text


@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 130])
def test_no_line_is_wider_than_the_screen_and_none_is_broken(width: int) -> None:
    lines = drawn(VIEW, width).splitlines()

    assert max(map(len, lines)) <= width
    assert len(lines) == len(drawn(VIEW, 200).splitlines())


@pytest.mark.parametrize("height", [14, 24, 60])
def test_no_screen_is_higher_than_the_terminal(height: int) -> None:
    many = replace(
        VIEW,
        instances=tuple(replace(HELLO, instance=f"ws.{n}") for n in range(50)),
        queues=tuple(QueueRow(f"q{n}", n, 0, 0) for n in range(50)),
    )

    text = drawn(many, 100, height)

    assert len(text.splitlines()) <= height
    assert "more" in text
    assert "q49" in text


def test_who_is_late_stands_out_and_who_has_ended_does_not() -> None:
    late = drawn(VIEW, 100, has_colours=True)
    ended = replace(VIEW, instances=(replace(HELLO, has_ended=True, state="ended"),))

    assert "\x1b[1;31mold" in late
    assert "\x1b[2mhello" in drawn(ended, 100, has_colours=True)


def test_a_broker_that_is_away_is_said() -> None:
    assert "away" in drawn(replace(VIEW, is_connected=False, away=()), 100)


def test_what_a_terminal_would_obey_is_not_shown() -> None:
    bad = replace(HELLO, service="a\x1b[31m", state="b\nc", tag="\x07")

    text = drawn(replace(VIEW, instances=(bad,)), 130)

    assert "\x1b" not in text
    assert "\x07" not in text
    assert "b c" in text


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (None, ""),
        (0.0, "           0%"),
        (1.0, "████████ 100%"),
        (0.51, "████▏     51%"),
    ],
)
def test_a_bar_is_as_long_as_the_share(share: float | None, text: str) -> None:
    assert bar(share).plain == text


@pytest.mark.parametrize(("number", "text"), [(0, "·"), (1500, "▲ 1,500"), (-3, "▼ 3")])
def test_growth_has_a_direction(number: int, text: str) -> None:
    assert growth(number).plain == text


# Changes


def lines(before: View | None, now: View) -> list[str]:
    return [line_of(change) for change in changes(before, now)]


def test_the_first_view_is_all_new() -> None:
    assert lines(None, VIEW) == [
        "amqp://rabbit/ is there",
        "hello uk.ac.x.ws1.4567: processing",
        "old ws.2: not heard",
        "queue hello: 10 ready, 0 delayed, 3 held",
        "queue quiet: 0 ready, 0 delayed, 0 held",
        "runs: 2 running, 0 done",
        "dead letters: 5",
        "registry: does not answer",
    ]


def test_nothing_is_said_if_nothing_changed_but_ages_and_rates() -> None:
    later = replace(HELLO, age_s=5.0, rate=3.0, handled=1300)

    assert lines(VIEW, replace(VIEW, instances=(later, VIEW.instances[1]))) == []


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (replace(VIEW, is_connected=False), "amqp://rabbit/ is away"),
        (
            replace(VIEW, instances=(replace(HELLO, state="idle"), VIEW.instances[1])),
            "hello uk.ac.x.ws1.4567: idle",
        ),
        (replace(VIEW, instances=(HELLO,)), "old ws.2: gone"),
        (
            replace(VIEW, queues=(QueueRow("hello", 0, 0, 0), VIEW.queues[1])),
            "queue hello: 0 ready, 0 delayed, 0 held",
        ),
        (replace(VIEW, queues=(VIEW.queues[0],)), "queue quiet: gone"),
        (replace(VIEW, runs={"running": "0"}), "runs: 0 running"),
        (replace(VIEW, letters=6), "dead letters: 6"),
        (replace(VIEW, away=()), "registry: answers"),
    ],
)
def test_each_change_is_a_line(now: View, said: str) -> None:
    assert lines(VIEW, now) == [said]
