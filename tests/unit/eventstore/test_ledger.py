"""Which events are new, and where they go."""

from __future__ import annotations

import pytest

from recado.errors import ConflictError
from recado.events import Event
from recado.schemas.events import Expected
from recado_eventstore.ledger import Ledger, StreamRow
from recado_eventstore.store import Append, Place
from tests.unit.eventstore.told import event, events


def ledger(known: dict[bytes, Place] | None = None) -> Ledger:
    return Ledger(10, 3, known or {}, {"order-1": StreamRow(2, 5)})


def append(told: list[Event], **expect: Expected) -> Append:
    return Append.of(told, {name.replace("_", "-"): at for name, at in expect.items()})


def test_positions_go_on_over_all_streams_and_versions_within_each() -> None:
    told = [event("order-1"), event("order-2"), event("order-1"), event("order-2")]

    places = ledger().admit(append(told))

    assert places == [
        Place("order-1", 6, 11, is_new=True),
        Place("order-2", 1, 12, is_new=True),
        Place("order-1", 7, 13, is_new=True),
        Place("order-2", 2, 14, is_new=True),
    ]


def test_a_new_stream_gets_the_next_number() -> None:
    book = ledger()

    book.admit(append([event("new-1"), event("new-2")]))

    assert book.changed == {"new-1": StreamRow(4, 1), "new-2": StreamRow(5, 1)}


def test_an_event_known_already_keeps_its_place_and_makes_no_hole() -> None:
    old, new = event(), event()
    (key,) = append([old]).keys
    book = ledger({key: Place("order-1", 4, 7)})

    places = book.admit(append([old, new]))

    assert places == [
        Place("order-1", 4, 7),
        Place("order-1", 6, 11, is_new=True),
    ]
    assert [(row[0], row[3]) for row in book.rows] == [(11, 6)]


def test_an_event_that_stands_twice_in_one_append_is_written_once() -> None:
    twice = event()
    book = ledger()

    first, second = book.admit(append([twice, twice]))

    assert first == second._replace(is_new=True)
    assert len(book.rows) == 1


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        ("order-1", 5),
        ("order-1", "stream_exists"),
        ("order-1", "any"),
        ("new", 0),
        ("new", "no_stream"),
        ("new", "any"),
    ],
)
def test_an_expectation_that_holds_lets_the_append_pass(
    stream: str, expected: Expected
) -> None:
    assert ledger().admit(Append.of([event(stream)], {stream: expected}))


@pytest.mark.parametrize(
    ("stream", "expected", "actual"),
    [
        ("order-1", 4, 5),
        ("order-1", 6, 5),
        ("order-1", 0, 5),
        ("order-1", "no_stream", 5),
        ("new", "stream_exists", 0),
        ("new", 1, 0),
    ],
)
def test_a_conflict_names_the_stream_what_was_expected_and_what_is(
    stream: str, expected: Expected, actual: int
) -> None:
    book = ledger()

    with pytest.raises(ConflictError) as caught:
        book.admit(Append.of([event("other"), event(stream)], {stream: expected}))

    error = caught.value
    assert (error.stream, error.expected, error.actual) == (stream, expected, actual)
    assert book.rows == []


def test_an_expectation_may_be_of_a_stream_that_nothing_is_appended_to() -> None:
    with pytest.raises(ConflictError, match="'order-1' is at version 5, expected 4"):
        ledger().admit(Append.of([event("other")], {"order-1": 4}))


def test_an_append_done_before_is_not_checked_again() -> None:
    done = append(events(2), order_1=5)
    book = ledger()
    places = book.admit(done)

    assert book.admit(done) == [place._replace(is_new=False) for place in places]
    assert all(place.is_new for place in places)
    assert len(book.rows) == 2


def test_a_later_append_sees_what_an_earlier_one_in_the_group_did() -> None:
    book = ledger()
    book.admit(append(events(2), order_1=5))

    with pytest.raises(ConflictError):
        book.admit(append(events(1), order_1=5))

    assert book.admit(append(events(1), order_1=7)) == [
        Place("order-1", 8, 13, is_new=True)
    ]
