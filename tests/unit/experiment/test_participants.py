"""Ranges of participants."""

from __future__ import annotations

import pytest

from recado_experiment import Ranges, StudyError, parse_ranges


def test_ranges_are_joined_and_in_ascending_order() -> None:
    ranges = parse_ranges(" 60, 1-50,40 - 55,56")

    assert str(ranges) == "1-56,60"
    assert len(ranges) == 57
    assert list(ranges) == [*range(1, 57), 60]
    assert 60 in ranges
    assert 57 not in ranges
    assert parse_ranges(str(ranges)) == ranges


def test_a_range_inside_another_adds_nobody() -> None:
    assert str(parse_ranges("1-100,5-7")) == "1-100"


def test_endless_ranges_cost_nothing() -> None:
    ranges = parse_ranges("1-999999999999999999")

    first = next(ranges.chunks(1000))

    assert len(ranges) == 999_999_999_999_999_999
    assert first == Ranges((range(1, 1001),))


def test_chunks_have_everybody_once() -> None:
    ranges = parse_ranges("1-3,5,8-14")

    chunks = [str(chunk) for chunk in ranges.chunks(4)]

    assert chunks == ["1-3,5", "8-11", "12-14"]


def test_chunks_of_nobody_are_refused() -> None:
    with pytest.raises(ValueError, match="chunks of 0 participants"):
        list(parse_ranges("1").chunks(0))


def test_all_parts_that_are_no_range_are_reported_at_once() -> None:
    with pytest.raises(StudyError) as caught:
        parse_ranges("1,x,0-3,5-4,,1-2-3")

    assert [str(problem) for problem in caught.value.problems] == [
        "[1]: 'x' is neither a number nor a range such as '1-50'",
        "[2]: '0-3' begins below 1; participants count from 1",
        "[3]: '5-4' runs backwards; write '4-5'",
        "[4]: '' is neither a number nor a range such as '1-50'",
        "[5]: '1-2-3' is neither a number nor a range such as '1-50'",
    ]
