"""Lengths of time as people write them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from recado_cli.duration import duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172_800), ("1d1h1m1s", 90_061)],
)
def test_parts_add_up(text: str, seconds: int) -> None:
    assert duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", ["", "1", "h", "30m1h", "1.5h", "-1h", " 1h", "1h ", "٣s", "9" * 10 + "s"]
)
def test_what_is_no_length_of_time_is_nothing(text: str) -> None:
    assert duration(text) is None
