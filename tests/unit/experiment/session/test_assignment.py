"""Assignment by completion: rows fill evenly, and who drops out is replaced."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from recado_experiment.session import (
    Session,
    abandon,
    add,
    configure,
    move_to,
    next_participant,
    open_session,
)
from recado_experiment.session.assignment import least_filled, unused

SQUARE = """
[configuration]
order = [["a", "b"], ["c", "d"], ["e", "f"]]
groups_strategy = "balanced_square"
within_groups_strategy = "balanced_square"
"""
"""Six rows of groups by two within: participants repeat after twelve."""
PERIOD = 12


def study(settings: str = SQUARE) -> str:
    """Write a study of the blocks a to f."""
    blocks = [f'[[blocks]]\nname = "{name}"\n[blocks.config]' for name in "abcdef"]
    return "\n".join([settings, *blocks])


def opened(abandoned_after_s: float | None = None, first: int = 1) -> Session:
    """Open a session that assigns by completion."""
    begun = open_session("square.toml", study(), first, "completion", abandoned_after_s)
    return Session.replay(begun)


def enrol(session: Session, now: float = 0.0) -> int:
    """Add the next participant, and return who that is."""
    told = next_participant(session, now)
    for fact in told:
        session.apply(replace(fact, at=now))
    number = told[-1].data["participant"]
    assert isinstance(number, int)
    return number


def leave(session: Session, participant: int) -> None:
    for fact in abandon(session, participant):
        session.apply(fact)


def staying(session: Session) -> list[int]:
    """Return who is not abandoned."""
    return [
        participant
        for participant, progress in session.participants.items()
        if not progress.is_abandoned
    ]


def filled(session: Session) -> Counter[int]:
    """Count the participants of each row who are not abandoned."""
    return Counter((participant - 1) % PERIOD for participant in staying(session))


def test_the_study_repeats_after_so_many() -> None:
    assert opened().study.period == PERIOD


def test_as_long_as_nobody_leaves_numbers_follow_each_other() -> None:
    session = opened()

    assert [enrol(session) for _ in range(40)] == list(range(2, 42))


def test_whose_row_lost_somebody_comes_next() -> None:
    session = opened()
    for _ in range(PERIOD - 1):
        enrol(session)
    leave(session, 5)

    assert enrol(session) == 5 + PERIOD
    assert enrol(session) == 1 + PERIOD


def test_a_number_is_never_given_twice() -> None:
    session = opened()

    given = [1]
    for _ in range(30):
        leave(session, given[-1])
        given.append(enrol(session))

    assert given == [1 + PERIOD * times for times in range(31)]


def test_who_was_added_by_number_counts_in_their_row() -> None:
    session = opened(first=2)
    for number in (1, 15):
        session.apply(add(session, number)[0])

    assert enrol(session) == 4
    assert [enrol(session) for _ in range(8)] == [5, 6, 7, 8, 9, 10, 11, 12]
    assert enrol(session) == 13


def test_who_comes_back_counts_again() -> None:
    session = opened()
    leave(session, 1)
    session.apply(move_to(session, 0, 1)[0])

    assert enrol(session) == 2


@pytest.mark.parametrize("seed", range(20))
def test_each_row_is_filled_equally_over_three_periods_whoever_drops_out(
    seed: int,
) -> None:
    chance, session = random.Random(seed), opened()
    dropped = 0

    while len(staying(session)) < 3 * PERIOD:
        enrol(session)
        if chance.random() < 0.3:
            leave(session, chance.choice(staying(session)))
            dropped += 1

    print(f"seed {seed}: {dropped} dropped out")
    assert dropped > 0
    assert filled(session) == dict.fromkeys(range(PERIOD), 3)


def test_who_has_not_moved_for_too_long_is_abandoned_when_somebody_comes() -> None:
    session = opened(abandoned_after_s=60.0)
    for _ in range(3):
        enrol(session, now=10.0)
    for fact in move_to(session, 0, 3):
        session.apply(replace(fact, at=50.0))

    told = next_participant(session, now=70.5)

    assert [(fact.type, fact.data["participant"]) for fact in told] == [
        ("participant.abandoned", 1),
        ("participant.abandoned", 2),
        ("participant.abandoned", 4),
        ("participant.added", 1 + PERIOD),
    ]


def test_who_moved_just_so_long_ago_is_not_abandoned_yet() -> None:
    session = opened(abandoned_after_s=60.0)

    assert len(next_participant(session, now=60.0)) == 1
    assert len(next_participant(session, now=60.1)) == 2


def test_who_has_ended_is_never_abandoned() -> None:
    session = opened(abandoned_after_s=60.0)
    session.apply(move_to(session, 6, 1)[0])

    told = next_participant(session, now=1e9)

    assert [fact.data["participant"] for fact in told] == [2]


def test_who_is_abandoned_is_not_abandoned_again() -> None:
    session = opened(abandoned_after_s=60.0)
    leave(session, 1)

    told = next_participant(session, now=1e9)

    assert [fact.type for fact in told] == ["participant.added"]


def test_without_a_time_nobody_is_abandoned() -> None:
    session = opened()

    assert len(next_participant(session, now=1e9)) == 1


def test_by_number_nobody_is_abandoned_for_being_slow() -> None:
    begun = open_session("square.toml", study(), abandoned_after_s=60.0)
    session = Session.replay(begun)

    told = next_participant(session, now=1e9)

    assert [fact.type for fact in told] == ["participant.added"]


def test_rows_are_those_of_the_study_as_it_is_now() -> None:
    session = opened()
    for _ in range(3):
        enrol(session)
    pairs = study('[configuration]\norder = ["a", "b"]\ngroups_strategy = "williams"')

    for fact in configure(session, "pairs.toml", pairs):
        session.apply(fact)
    leave(session, 2)

    assert enrol(session) == 6


def test_where_everybody_shares_one_row_numbers_follow_each_other() -> None:
    alike = study('[configuration]\norder = ["a"]')
    session = Session.replay(open_session("a.toml", alike, assignment="completion"))
    leave(session, 1)

    assert [enrol(session), enrol(session)] == [2, 3]


def test_a_huge_period_is_not_counted_through() -> None:
    period = 10**18

    assert least_filled([1, 2, 4, 3 + period], period) == 4
    assert unused(4, period, {5, 5 + period}) == 5 + 2 * period
