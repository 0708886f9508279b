"""What events say of runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recado.errors import SchemaError
from recado.events import HANDLED, RUN_FINISHED, Event, run_stream
from recado_eventstore.facts import read_facts
from tests.unit.eventstore.told import event, failed, handled, named, started


def test_events_of_other_streams_say_nothing_of_a_run() -> None:
    elsewhere = replace(handled("a"), stream="order-1")
    nameless = replace(handled("a"), stream="run-")

    assert read_facts([event(), elsewhere, nameless]) == {}


def test_other_types_in_a_runs_stream_say_nothing() -> None:
    assert read_facts([event(run_stream("r"), "order.placed")]) == {}


def test_a_handled_message_counts_itself_and_what_it_sent() -> None:
    (fact,) = read_facts([handled("a", "b", "c", step=3, ms=7.5)]).values()

    assert (fact.handled, fact.sent, fact.ms) == (1, 2, 7.5)
    assert fact.step == (3, "worker", "work")
    assert fact.moves


def test_a_failed_attempt_ends_nothing() -> None:
    (fact,) = read_facts([failed("a")]).values()

    assert fact.failed == 1
    assert not fact.moves


def test_what_is_told_beyond_the_schema_is_nobodys_business_here() -> None:
    told = handled("a")
    more = replace(told, data={**told.data, "colour": "red"})

    assert read_facts([more]) == read_facts([told])


def test_every_problem_is_reported_with_its_path() -> None:
    bad = Event(named("x"), run_stream("r"), HANDLED, {"message": "m", "children": -1})

    with pytest.raises(SchemaError) as caught:
        read_facts([started("a"), bad])

    assert [problem.path for problem in caught.value.problems] == [
        "events[1].data.message",
        "events[1].data.children",
    ]


def test_nobody_else_may_tell_that_a_run_is_finished() -> None:
    with pytest.raises(SchemaError, match="told by the event store alone"):
        read_facts([event(run_stream("r"), RUN_FINISHED)])
