"""A run's account: any order, any duplication, the same result."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hypothesis import given
from hypothesis import strategies as st

from recado.events import FAILED, RUN_FINISHED, Event, run_stream
from recado.ids import derived_id
from recado_eventstore.facts import read_facts
from recado_eventstore.runs import Account, tally
from tests.unit.eventstore.told import (
    RUN,
    dead,
    failed,
    handled,
    retried,
    started,
)

STORY = [
    started("a", "b", recipes=["r"]),
    failed("a"),
    handled("a", "c", "d"),
    dead("b"),
    handled("c"),
    handled("d", "e"),
    handled("e"),
]
"""A run that ends with one dead letter: b."""
RETRIED_STORY = [
    *STORY[:5],
    dead("d"),
    retried("d"),
    dead("d", retries=1),
    retried("d", retries=2),
    handled("d", "e", retries=2),
    handled("e"),
]
"""The same, but d was handled at the second retry only."""


def portions(
    story: list[Event], data: st.DataObject
) -> Iterator[tuple[list[Event], list[Event]]]:
    while story:
        size = data.draw(st.integers(1, len(story)))
        portion, story = story[:size], story[size:]
        yield portion, story


def counts(account: Account) -> tuple[int, int, int, int, int]:
    settled = (account.handled, account.dead)
    return account.sent, *settled, account.failed, account.checksum


def after(account: Account, events: Sequence[Event]) -> tuple[Account, Event | None]:
    return account.after(list(read_facts(events).values()))


def test_a_run_without_messages_is_done_at_once() -> None:
    account, event = after(Account(1, RUN), [started()])

    assert account.state == "done"
    assert event is not None


def test_a_run_is_not_finished_before_its_start_is_known() -> None:
    account, _ = after(Account(1, RUN), [handled("a")])
    assert account.state == "running"

    account, event = after(account, [started("a")])
    assert account.state == "done"
    assert event is not None


def test_equal_counts_of_different_messages_do_not_finish_a_run() -> None:
    account, event = after(Account(1, RUN), [started("a"), handled("b")])

    assert account.sent == account.handled
    assert account.state == "running"
    assert event is None


def test_a_run_that_others_started_is_finished_whenever_what_is_known_is_settled() -> (
    None
):
    """Its first messages were adopted: each counts itself as sent when it is handled."""
    account, first = after(Account(1, RUN), [handled("a", "a", "b")])
    assert (account.state, first) == ("running", None)

    account, event = after(account, [handled("b")])
    assert (account.state, account.sent, account.started_at) == ("done", 2, None)
    assert event is not None
    assert event.data["seconds"] is None

    account, _ = after(account, [handled("c", "c", "d")])
    assert account.state == "running"


def test_a_dead_letter_that_was_sent_back_finishes_no_run_by_itself() -> None:
    account, event = after(Account(1, RUN), [dead("a"), retried("a")])

    assert (account.state, event) == ("running", None)


def test_a_run_with_a_dead_letter_is_incomplete() -> None:
    account, event = after(Account(1, RUN), [started("a"), dead("a")])

    assert account.state == "incomplete"
    assert event is not None
    assert event.data["state"] == "incomplete"


def test_the_event_says_how_the_run_ended_and_how_long_it_took() -> None:
    told = [started("a", at=100.0), failed("a"), handled("a", at=103.5)]

    _, event = after(Account(1, RUN), told)

    counts = {"sent": 1, "handled": 1, "failed": 1, "dead": 0}
    data = {"state": "done", "counts": counts, "seconds": 3.5}
    id_ = derived_id(RUN, "finished/1")
    assert event == Event(id_, run_stream(RUN), RUN_FINISHED, data, 103.5)


def test_a_run_whose_name_is_no_uuid_finishes_too() -> None:
    _, event = after(Account(1, "nightly-7"), [started(run="nightly-7")])

    assert event is not None
    assert event.stream == "run-nightly-7"


def test_a_retry_opens_a_run_and_its_end_finishes_it_again() -> None:
    account, _ = after(Account(1, RUN), [started("a"), dead("a")])

    account, event = after(account, [retried("a")])
    assert (account.state, event) == ("running", None)

    account, event = after(account, [handled("a", retries=1)])
    assert (account.state, account.finishes) == ("done", 2)
    assert event is not None
    assert event.id == derived_id(RUN, "finished/2")


def test_a_retry_that_fails_at_once_finishes_the_run_again() -> None:
    account, _ = after(Account(1, RUN), [started("a"), dead("a")])

    account, event = after(account, [retried("a"), dead("a", retries=1)])

    assert (account.state, account.dead, account.finishes) == ("incomplete", 1, 2)
    assert event is not None


def test_a_late_report_of_a_failed_attempt_does_not_finish_a_run_again() -> None:
    account, _ = after(Account(1, RUN), [started("a"), handled("a")])

    account, event = after(account, [failed("a")])

    assert (account.failed, account.finishes, event) == (1, 1, None)


def test_of_two_starts_the_earlier_says_what_the_run_is() -> None:
    early = started("a", at=1.0, recipes=["early"])
    late = started("b", at=2.0, recipes=["late"])

    account, _ = after(Account(1, RUN), [late, early])

    assert account.start is not None
    assert account.start.recipes == ["early"]
    assert (account.started_at, account.sent) == (1.0, 2)


@given(st.permutations(STORY), st.data())
def test_in_any_order_a_run_is_finished_exactly_when_all_is_told(
    story: list[Event], data: st.DataObject
) -> None:
    account = Account(1, RUN)
    for portion, rest in portions(story, data):
        account, _ = after(account, portion)
        is_told = all(event.type == FAILED for event in rest)
        assert account.state == ("incomplete" if is_told else "running")

    assert counts(account) == (5, 4, 1, 1, 0)
    assert account.finishes == 1


@given(st.permutations(RETRIED_STORY), st.data())
def test_in_any_order_retries_end_at_the_same_account(
    story: list[Event], data: st.DataObject
) -> None:
    account = Account(1, RUN)
    for portion, _ in portions(story, data):
        account, _ = after(account, portion)

    assert counts(account) == (5, 4, 1, 1, 0)
    assert account.state == "incomplete"


def test_a_step_is_tallied_by_service_and_queue() -> None:
    told = [
        started("a", "b"),
        handled("a", "c", step=1, at=5.0, ms=2.0),
        handled("b", step=1, at=4.0, ms=3.0),
        handled("c", step=2),
        retried("x"),
    ]

    steps = tally(read_facts(told).values())

    one = steps.pop(next(key for key in steps if key.step == 1))
    assert (one.handled, one.sent, one.ms_sum) == (2, 1, 5.0)
    assert (one.first_at, one.last_at) == (4.0, 5.0)
    assert [key.step for key in steps] == [2]
