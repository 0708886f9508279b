"""Times as people say them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from recado_cli.go.moment import moment

LONDON = ZoneInfo("Europe/London")
NOW = datetime(2026, 1, 31, 12, 0, tzinfo=LONDON)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("14:30", datetime(2026, 1, 31, 14, 30, tzinfo=LONDON)),
        ("8:00", datetime(2026, 2, 1, 8, 0, tzinfo=LONDON)),
        ("12:00", NOW),
        ("12:00:05", datetime(2026, 1, 31, 12, 0, 5, tzinfo=LONDON)),
        ("+10m", datetime(2026, 1, 31, 12, 10, tzinfo=LONDON)),
        ("+1h30m", datetime(2026, 1, 31, 13, 30, tzinfo=LONDON)),
        ("+2d5s", datetime(2026, 2, 2, 12, 0, 5, tzinfo=LONDON)),
        ("2026-02-01T07:00", datetime(2026, 2, 1, 7, 0, tzinfo=LONDON)),
        ("2026-02-01 07:00:30", datetime(2026, 2, 1, 7, 0, 30, tzinfo=LONDON)),
        ("2026-07-01T07:00", datetime(2026, 7, 1, 6, 0, tzinfo=UTC)),
        ("2026-02-01T07:00Z", datetime(2026, 2, 1, 7, 0, tzinfo=UTC)),
        ("2026-02-01T07:00+02:00", datetime(2026, 2, 1, 5, 0, tzinfo=UTC)),
    ],
)
def test_a_time_is_read_where_it_is_said(text: str, at: datetime) -> None:
    assert moment(text, NOW) == at.timestamp()


def test_a_length_of_time_is_that_long_when_the_clock_changes_meanwhile() -> None:
    evening = datetime(2026, 3, 28, 22, 0, tzinfo=LONDON)

    assert moment("+5h", evening) == evening.timestamp() + 5 * 3600


def test_without_a_zone_times_are_those_of_this_process() -> None:
    now = datetime(2026, 1, 31, 12, 0)

    assert moment("14:30", now) == datetime(2026, 1, 31, 14, 30).timestamp()


@pytest.mark.parametrize(
    "text",
    ["", "+", "soon", "24:00", "12:60", "+5", "+m", "-10m", "10m", "tomorrow 8:00"],
)
def test_what_is_no_time_is_told_with_what_would_be_one(text: str) -> None:
    with pytest.raises(ValueError, match=r"a time is 14:30, \+10m") as caught:
        moment(text, NOW)

    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text", ["2026-01-31T11:59", "2025-12-31", "1999-01-01T00:00Z"]
)
def test_a_time_that_is_past_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is past"):
        moment(text, NOW)
