"""What needs the event store: idempotency keys, and limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from recado.clients.dispatch import request_message, submit
from recado.clients.eventlog import EventLog
from recado.config import Settings
from recado.envelope import Envelope
from recado.errors import NotFoundError
from recado.events import (
    EVENTS_QUEUE,
    HANDLED,
    RECIPE_STORED,
    RUN_REFUSED,
    RUN_REPEATED,
    RUN_STARTED,
    RUN_WAITING,
    Event,
    append_message,
    outcome_id,
)
from recado.message import Message, Outgoing
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.schemas.events import EVENTSTORE_QUEUE, StoredEvent
from recado.starting import read_request
from recado.testing import Harness
from recado_dispatcher.store import claimed
from recado_eventstore.service import EventStore
from tests.unit.beside import beside
from tests.unit.dispatcher.conftest import Hasty
from tests.unit.dispatcher.test_waiting import wrapped


@pytest.fixture
async def h(at_work: Callable[..., Harness], tmp_path: Path) -> AsyncGenerator[Harness]:
    async with (
        at_work(runs_per_user=2) as h,
        beside(h, EventStore(), Settings(state=tmp_path)),
    ):
        yield h


@pytest.fixture
def log(h: Harness) -> EventLog:
    return EventLog(h.transport, clock=h.clock)


def keyed(key: str = "k", **given: Any) -> Message:
    return request_message(["named"], idempotency_key=key, **given)


async def ask(h: Harness, *requests: Message) -> None:
    for request in requests:
        await submit(h.transport, request)
    await h.settle()


async def told(log: EventLog, type_: str, count: int = 1) -> list[StoredEvent]:
    """Return events of a type, once so many are recorded."""
    async with asyncio.timeout(20), aclosing(log.follow(types=[type_])) as events:
        return [await anext(events) for _ in range(count)]


async def finish(h: Harness, message: Message) -> None:
    """Tell that a run's only message was handled."""
    run = Envelope.read(message).run
    data = {"message": message.id, "children": 0, "checksum": "0"}
    event = Event(outcome_id(message.id, "0"), f"run-{run}", HANDLED, data, h.clock())
    telling = append_message([event], "")
    await h.transport.publish([Outgoing(EVENTS_QUEUE, telling)])


async def until(h: Harness, log: EventLog, count: int) -> None:
    """Let time pass until so many runs are started."""
    for _ in range(100):
        if len(h.messages("first")) == count:
            return
        await h.advance(5)
    raise AssertionError(f"{len(h.messages('first'))} runs are started, not {count}")


async def test_of_requests_with_one_key_one_is_started(
    h: Harness, log: EventLog
) -> None:
    await ask(h, *(keyed(parameters={"x": 1}, priority=n) for n in range(5)))
    await ask(h, keyed(parameters={"x": 1, "guid": "g"}))

    (message,) = h.messages("first")
    run = Envelope.read(message).run
    repeated = await told(log, RUN_REPEATED, 5)
    assert h.dead == []
    assert run == read_request(keyed()).run
    assert {event.stream for event in repeated} == {f"run-{run}"}


async def test_a_key_that_is_used_for_something_else_is_refused(
    h: Harness, log: EventLog
) -> None:
    first = keyed(parameters={"x": 1})
    await ask(h, first)
    await ask(h, keyed(parameters={"x": 2, "guid": "other"}))

    (dead,) = h.dead
    assert len(h.messages("first")) == 1
    assert dead.letter is not None
    assert (dead.reason, dead.letter.attempts) == ("rejected", 1)
    assert f"belongs to run {read_request(first).run}" in dead.text
    (refused,) = await told(log, RUN_REFUSED)
    assert refused.stream == "run-other"
    assert (await log.run("other")).state == "refused"


async def test_whose_key_is_used_for_something_else_is_told_and_not_refused(
    h: Harness, log: EventLog
) -> None:
    first = keyed(parameters={"x": 1})
    second = keyed(parameters={"x": 2})
    assert await claimed(log, read_request(first), h.clock()) == ""
    await ask(h, second)

    (dead,) = h.dead
    (repeated,) = await told(log, RUN_REPEATED)
    assert repeated.data["request"] == read_request(second).id
    assert repeated.data["text"] == dead.text
    with pytest.raises(NotFoundError):
        await log.run(read_request(first).run)


async def test_a_request_that_is_wrong_claims_no_key(h: Harness) -> None:
    wrong = request_message(["nobody"], idempotency_key="k")
    await ask(h, wrong)
    await ask(h, keyed())

    assert len(h.dead) == 1
    assert len(h.messages("first")) == 1


async def test_a_request_that_claimed_its_key_and_was_killed_is_started(
    h: Harness, log: EventLog
) -> None:
    request = keyed()
    assert await claimed(log, read_request(request), h.clock()) == ""

    await ask(h, request)

    assert len(h.messages("first")) == 1


async def test_a_request_that_comes_again_after_its_run_was_started_starts_nothing(
    h: Harness, log: EventLog
) -> None:
    request = keyed()
    await ask(h, request)
    await told(log, RUN_STARTED)

    await ask(h, request)

    assert len(h.messages("first")) == 1


async def test_a_request_with_a_key_waits_for_the_event_store(
    at_work: Callable[..., Harness], tmp_path: Path
) -> None:
    async with at_work(Hasty()) as h:
        await h.transport.declare([EVENTSTORE_QUEUE])
        await submit(h.transport, keyed())
        while not h.events:
            await h.advance(1)
        waiting = h.events[0]
        await h.advance(10)
        dead = h.dead
        async with beside(h, EventStore(), Settings(state=tmp_path)):
            log = EventLog(h.transport, clock=h.clock)
            await until(h, log, 1)

        assert (waiting.type, waiting.data["why"]) == ("run.waiting", "no_store")
        assert dead == []


async def test_no_more_runs_of_a_submitter_are_at_work_than_may_be(
    h: Harness, log: EventLog
) -> None:
    requests = [request_message(["named"], user="maria") for _ in range(4)]
    await ask(h, *requests, request_message(["named"], user="juan"))
    first = h.messages("first")
    await told(log, RUN_WAITING, 2)
    waiting = await log.runs("waiting")
    await h.advance(60)
    later = h.messages("first")
    for message in first:
        await finish(h, message)
    await until(h, log, 5)

    assert len(first) == len(later) == 3
    assert {(row.user, row.why) for row in waiting.runs} == {("maria", "limit")}
    assert waiting.runs[0].text == "2 runs of 'maria' are at work, 2 may be at a time"
    assert h.dead == []


async def test_requests_without_a_submitter_count_as_one_submitters(
    h: Harness, log: EventLog
) -> None:
    await ask(h, *(request_message(["named"]) for _ in range(3)))

    await told(log, RUN_WAITING)
    assert len(h.messages("first")) == 2
    (row,) = (await log.runs("waiting")).runs
    assert "whoever gives no name" in row.text


async def test_what_a_step_of_a_run_asks_for_is_not_limited(h: Harness) -> None:
    for _ in range(3):
        await h.transport.publish([Outgoing(DISPATCHER_QUEUE, wrapped())])
    await h.settle()

    assert len(h.messages("first")) == 3


async def test_a_run_tells_what_it_was_started_from(h: Harness, log: EventLog) -> None:
    asked = request_message(["named"], parameters={"x": "é"}, user="maria", host="lab")
    await ask(h, asked)
    run = read_request(asked).run
    await told(log, RECIPE_STORED)

    book = await log.logbook(run)

    (message,) = h.messages("first")
    assert book.request == asked.id
    assert book.body == {"recipes": ["named"], "parameters": {"x": "é"}}
    assert book.body_bytes == len(asked.body)
    assert book.headers == asked.headers
    assert book.parameters == {"x": "é", "guid": run}
    assert book.recipe == Envelope.read(message).recipe
    assert book.filters == []


async def test_what_is_large_is_told_apart_from_the_rest(
    h: Harness, log: EventLog
) -> None:
    recipe = {"start": [[1, 1]], "1": {"queue": "first", "large": "x" * 300_000}}
    asked = request_message(custom=recipe)
    await ask(h, asked)
    run = read_request(asked).run
    await told(log, RECIPE_STORED)

    book = await log.logbook(run)

    assert (book.body, book.body_bytes) == (None, len(asked.body))
    assert book.recipe is not None
    assert book.recipe["1"] == recipe["1"]
