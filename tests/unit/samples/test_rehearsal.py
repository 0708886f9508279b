"""The rehearsal's decisions: who passes, and the timetable."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from recado import Reject
from recado_samples.rehearsal import Limits, Participant, check
from recado_samples.timetable import Block, timetable, total_minutes


def block(name: str, trials: object = 6, seconds: object = 10) -> dict[str, object]:
    config = {"trials": trials, "seconds_per_trial": seconds, "display": "paper"}
    return {"name": name, "config": config, "extends": "other"}


def blocks(*given: dict[str, object]) -> list[Block]:
    return Participant.model_validate({"participant": 1, "blocks": given}).blocks


def test_a_timetable_puts_the_blocks_one_after_the_other() -> None:
    given = blocks(block("a"), block("b", 30, 2.5), block("a"))

    slots = [(slot.name, slot.starts_at, slot.minutes) for slot in timetable(given)]

    assert slots == [("a", 0.0, 1.0), ("b", 1.0, 1.25), ("a", 2.25, 1.0)]
    assert total_minutes(given) == 3.25


def test_no_blocks_take_no_time() -> None:
    assert (timetable([]), total_minutes([])) == ([], 0)


@pytest.mark.parametrize(
    ("trials", "seconds"),
    [(0, 1), (-1, 1), (1.5, 1), ("many", 1), (1, 0), (1, -2), (1, None), (1, "nan")],
)
def test_a_block_without_a_positive_length_is_refused(
    trials: object, seconds: object
) -> None:
    with pytest.raises(ValidationError):
        blocks(block("a", trials, seconds))


def test_a_participant_within_the_limits_passes() -> None:
    check(7, 90.0, Limits(absent=(8,), minutes_limit=90))


def test_an_absent_participant_is_given_up() -> None:
    with pytest.raises(Reject, match="participant 7 did not turn up"):
        check(7, 1.0, Limits(absent=(7,)))


def test_a_participant_who_would_be_kept_too_long_is_given_up() -> None:
    with pytest.raises(
        Reject, match=r"kept for 90\.5 minutes, more than the limit of 90"
    ):
        check(1, 90.5, Limits())
