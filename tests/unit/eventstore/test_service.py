"""The event store at work, on a broker in memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import TypeVar, cast

import pytest
from pydantic import BaseModel

from recado.clients.eventlog import EventLog
from recado.config import Settings
from recado.errors import (
    ConfigError,
    ConflictError,
    NotFoundError,
    RemoteError,
    RequestTimeoutError,
    SchemaError,
)
from recado.events import APPEND, EVENTS_QUEUE, RUN_FINISHED, Event
from recado.message import Message, decode
from recado.runtime import Runtime
from recado.schemas.events import APPENDED_TOPIC, StoredEvent
from recado.testing import Harness
from recado.transport.base import Delivery
from recado.transport.embedded import EmbeddedTransport
from recado_eventstore.announcer import announcement
from recado_eventstore.service import EventStore
from recado_eventstore.sqlite import SqliteStore
from recado_eventstore.store import Append, Place, StoreAwayError
from tests.unit.eventstore.impatient import Impatient
from tests.unit.eventstore.told import RUN, event, events, handled, named, started

M = TypeVar("M", bound=BaseModel)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(state=tmp_path)


@pytest.fixture
async def harness(settings: Settings) -> AsyncGenerator[Harness]:
    async with Harness(EventStore(), settings=settings) as harness:
        yield harness


@pytest.fixture
def log(harness: Harness) -> EventLog:
    return EventLog(harness.transport, clock=harness.clock)


def service_of(harness: Harness) -> EventStore:
    return cast(EventStore, harness.service)


async def tell(harness: Harness, told: Sequence[Event]) -> Message:
    value = {"events": [each.to_json() for each in told]}
    return await harness.publish(EVENTS_QUEUE, value, type_=APPEND)


async def take(events: AsyncGenerator[StoredEvent], number: int) -> list[int]:
    return [(await anext(events)).position for _ in range(number)]


async def test_events_told_on_the_queue_are_appended(
    harness: Harness, log: EventLog
) -> None:
    await tell(harness, events(3))
    await tell(harness, events(2, "order-2"))
    await harness.settle()

    page = await log.read_all()
    assert [it.position for it in page.events] == [1, 2, 3, 4, 5]
    assert harness.dead == []


async def test_an_invalid_message_is_a_dead_letter_and_takes_nothing_with_it(
    harness: Harness, log: EventLog
) -> None:
    bad = event()
    wrong = {"events": [bad.to_json() | {"id": "x", "colour": "red"}]}

    await tell(harness, events(1))
    await harness.publish(EVENTS_QUEUE, wrong, type_=APPEND)
    await tell(harness, events(1))
    await harness.settle()

    (dead,) = harness.dead
    assert dead.letter is not None
    assert dead.reason == "schema"
    paths = [problem.path for problem in dead.letter.problems]
    assert paths == ["events[0].id", "events[0].colour"]
    assert await log.head() == 2


@pytest.mark.parametrize(
    ("body", "type_", "problem"),
    [
        (b"{", APPEND, "invalid JSON"),
        (b'{"events":[]}', APPEND, "at least 1"),
        (b'{"events":[]}', "events.read/1", "must be 'events.append/1' on this queue"),
    ],
)
async def test_what_cannot_be_read_is_a_dead_letter(
    harness: Harness, body: bytes, type_: str, problem: str
) -> None:
    await harness.publish(EVENTS_QUEUE, body, type_=type_)
    await harness.settle()

    (dead,) = harness.dead
    assert problem in dead.text


async def test_data_that_breaks_a_runs_account_is_a_dead_letter(
    harness: Harness,
) -> None:
    told = handled("a")
    wrong = Event(told.id, told.stream, told.type, {"message": 7}, 1.0)

    await tell(harness, [wrong])
    await harness.settle()

    (dead,) = harness.dead
    assert "events[0].data.message: " in dead.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"data": {"message": 7}},
        {"data": ["no object"]},
        {"type": RUN_FINISHED},
        {"id": "x"},
        {"at": "noon"},
        {"colour": "red"},
    ],
)
async def test_an_event_that_cannot_be_used_keeps_none_of_its_neighbours_back(
    harness: Harness, log: EventLog, wrong: dict[str, object]
) -> None:
    before, after = handled("a"), handled("b")
    value = {"events": [before.to_json(), handled("c").to_json() | wrong]}
    value["events"].append(after.to_json())

    await harness.publish(EVENTS_QUEUE, value, type_=APPEND)
    await tell(harness, events(1))
    await harness.settle()

    (dead,) = harness.dead
    assert dead.reason == "schema"
    assert "events[1]" in dead.text
    kept = {event.id for event in (await log.read_all()).events}
    assert {before.id, after.id} < kept
    assert len(kept) == 3


async def test_a_message_is_done_only_when_its_events_are_on_disk(
    harness: Harness, settings: Settings
) -> None:
    await tell(harness, events(1))
    await harness.settle()

    other = SqliteStore(settings.state / "events.db")
    assert await other.head() == 1
    await other.close()


class Away(SqliteStore):
    """A store whose database is away for a number of tries."""

    tries_left = 0

    async def append(self, append: Append) -> list[Place]:
        if self.tries_left:
            self.tries_left -= 1
            raise StoreAwayError("event database: disk full")
        return await super().append(append)


@pytest.fixture
async def away(harness: Harness, settings: Settings) -> AsyncGenerator[Away]:
    service = service_of(harness)
    real, away = service.store, Away(settings.state / "events.db")
    service.store, service.clock = away, Impatient()
    yield away
    service.store = real
    await away.close()


async def test_while_the_database_is_away_messages_wait_and_no_attempt_is_burnt(
    harness: Harness, away: Away, log: EventLog
) -> None:
    away.tries_left = 30

    await tell(harness, events(2))
    await harness.settle()

    assert away.tries_left == 0
    assert harness.dead == []
    assert await log.head() == 2


async def test_a_request_is_told_that_the_database_is_away(
    away: Away, log: EventLog
) -> None:
    away.tries_left = 1

    with pytest.raises(RemoteError, match="disk full") as caught:
        await log.append(events(1))

    assert caught.value.code == "store_away"


@pytest.fixture
def scribbled(settings: Settings) -> Path:
    path = settings.state / "events.db"
    path.write_bytes(b"this is not a database" * 100)
    return path


async def test_a_service_starts_before_its_database_can_be_used(
    settings: Settings, scribbled: Path
) -> None:
    async with Harness(EventStore(), settings=settings) as harness:
        log = EventLog(harness.transport)
        with pytest.raises(RemoteError, match="file is not a database"):
            await log.head()

        os.unlink(scribbled)
        await log.append(events(1))

        assert await log.head() == 1


async def test_a_store_that_can_never_be_used_stops_the_service(
    settings: Settings, tmp_path: Path
) -> None:
    wrong = settings.model_copy(update={"store": f"postgresql://h/{tmp_path.name}"})

    harness = Harness(EventStore(), settings=wrong)

    with pytest.raises(ConfigError, match="postgresql is not there yet"):
        await harness.__aenter__()
    await harness.transport.close()


async def test_an_append_by_request_says_where_the_events_are(log: EventLog) -> None:
    told = [event("order-1"), event("order-2"), event("order-1")]

    first = await log.append(told, {"order-1": "no_stream", "order-2": 0})
    again = await log.append(told, {"order-1": "no_stream", "order-2": 0})
    more = await log.append([*told, event("order-2")])

    assert [(it.stream, it.version, it.position) for it in first] == [
        ("order-1", 1, 1),
        ("order-2", 1, 2),
        ("order-1", 2, 3),
    ]
    assert all(it.is_new for it in first)
    assert again == [it.model_copy(update={"is_new": False}) for it in first]
    assert [it.is_new for it in more] == [False, False, False, True]


async def test_a_conflict_reaches_whoever_asked(log: EventLog) -> None:
    await log.append(events(2))

    with pytest.raises(ConflictError) as caught:
        await log.append(events(1), {"order-1": 1})

    error = caught.value
    assert (error.stream, error.expected, error.actual) == ("order-1", 1, 2)


async def test_what_is_wrong_with_an_append_reaches_whoever_asked(
    log: EventLog,
) -> None:
    bad = Event("x", "a stream", "T", {}, 1.0)

    with pytest.raises(SchemaError) as caught:
        await log.append([bad], {"order-1": -1})

    paths = [problem.path for problem in caught.value.problems]
    assert paths[:2] == ["events[0].id", "events[0].stream"]
    assert paths[2].startswith("expect.order-1")


async def test_an_event_without_a_time_gets_the_present_one(
    harness: Harness, log: EventLog
) -> None:
    await log.append([Event(named("timeless"), "order-1", "order.placed")])

    (read,) = (await log.read("order-1")).events

    assert read.at == harness.clock.now


async def test_streams_and_the_log_are_read(log: EventLog) -> None:
    await log.append([*events(3), event("order-2", "order.paid")])

    back = await log.read("order-1", limit=2, backwards=True)
    assert [it.version for it in back.events] == [3, 2]

    page = await log.read_all(1, types=["order.paid"], prefix="order-")
    assert [it.position for it in page.events] == [4]
    assert page.position == page.head == 4


async def test_runs_are_listed_and_shown(log: EventLog) -> None:
    await log.append([started("a", recipes=["hello"]), handled("a")])
    await log.append([started("b", run="other")])

    page = await log.runs("done")
    assert [run.run for run in page.runs] == [RUN]
    assert [run.run for run in (await log.runs(limit=1)).runs] == ["other"]

    run = await log.run(RUN)
    assert (run.recipes, run.handled, run.steps[0].service) == (["hello"], 1, "worker")

    with pytest.raises(NotFoundError, match="no run 'nope'"):
        await log.run("nope")


async def test_a_wait_ends_when_something_is_appended(
    harness: Harness, log: EventLog
) -> None:
    waits = [asyncio.create_task(log.wait(0, 30.0)) for _ in range(150)]
    # Answered while all the others wait.
    assert await log.head() == 0

    await log.append(events(2))

    assert set(await asyncio.gather(*waits)) == {2}


async def test_a_wait_for_what_is_there_already_ends_at_once(log: EventLog) -> None:
    await log.append(events(2))

    assert await log.wait(1, 30.0) == 2


async def test_a_wait_ends_when_its_time_is_up(log: EventLog) -> None:
    await log.append(events(2))

    assert await log.wait(2, 0.0) == 2


async def test_a_wait_is_not_longer_than_is_allowed(log: EventLog) -> None:
    with pytest.raises(SchemaError, match="timeout_s"):
        await log.wait(0, 31.0)


async def test_a_service_that_stops_ends_the_waits(
    harness: Harness, log: EventLog
) -> None:
    wait = asyncio.create_task(log.wait(0, 30.0))
    assert await log.head() == 0

    harness.runtime.stop()

    assert await wait == 0


async def test_what_another_instance_appends_is_heard(
    harness: Harness, log: EventLog
) -> None:
    wait = asyncio.create_task(log.wait(0, 30.0))
    assert await log.head() == 0

    await harness.transport.publish([announcement(7)])

    assert await wait == 7


async def test_each_instance_announces_what_it_appends(
    harness: Harness, log: EventLog
) -> None:
    heard: asyncio.Queue[int] = asyncio.Queue()

    def hear(deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            heard.put_nowait(decode(delivery.message.body)["position"])

    await harness.transport.subscribe(APPENDED_TOPIC, hear)
    await log.append(events(3))

    assert await heard.get() == 3


async def test_instances_that_share_a_database_wake_each_others_waits(
    settings: Settings,
) -> None:
    services = [EventStore(), EventStore()]
    runtimes = [
        Runtime(service, EmbeddedTransport(settings.broker), settings)
        for service in services
    ]
    for runtime in runtimes:
        await runtime.start()
    log = EventLog(runtimes[0].transport)
    waits = [asyncio.create_task(log.wait(0, 30.0)) for _ in range(20)]
    assert await log.head() == 0

    await log.append(events(1))

    assert set(await asyncio.gather(*waits)) == {1}
    for service in services:
        await service.tail.beyond(0)
    for runtime in runtimes:
        await runtime.drain()


async def test_heartbeats_say_how_far_the_log_reaches(
    harness: Harness, log: EventLog
) -> None:
    await log.append(events(3))

    assert harness.service.status() == {"position": 3}


async def test_a_service_started_again_goes_on_where_the_log_ends(
    settings: Settings,
) -> None:
    for number in (1, 2):
        async with Harness(EventStore(), settings=settings) as harness:
            log = EventLog(harness.transport)
            await log.append([event()])
            assert harness.service.status() == {"position": number}


async def test_a_follower_is_given_what_is_there_and_what_comes(log: EventLog) -> None:
    await log.append(events(3))
    async with aclosing(log.follow(1, limit=1)) as followed:
        assert await take(followed, 2) == [2, 3]

        later = asyncio.create_task(take(followed, 1))
        assert await log.head() == 3
        await log.append(events(1))

        assert await later == [4]


async def test_a_follower_is_given_only_what_it_asked_for(log: EventLog) -> None:
    await log.append([*events(3), event("order-2", "order.paid")])

    async with aclosing(log.follow(types=["order.paid"], prefix="order-2")) as followed:
        assert await take(followed, 1) == [4]


class Unreliable(EventLog):
    """A client whose first requests time out."""

    timeouts = 2

    async def _ask(
        self,
        type_: str,
        value: object,
        model: type[M],
        timeout_s: float | None = None,
    ) -> M:
        if self.timeouts:
            self.timeouts -= 1
            raise RequestTimeoutError("no reply")
        return await super()._ask(type_, value, model, timeout_s)


async def test_a_follower_outlives_an_event_store_that_is_away(
    harness: Harness, log: EventLog
) -> None:
    await log.append(events(1))
    unreliable = Unreliable(harness.transport)
    async with aclosing(unreliable.follow()) as followed:
        assert await take(followed, 1) == [1]

        unreliable.timeouts = 2
        later = asyncio.create_task(take(followed, 1))
        await log.append(events(1))
        assert await later == [2]
