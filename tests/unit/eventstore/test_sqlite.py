"""The store in an SQLite file: what is appended, and what is read."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from recado.errors import ConflictError, SchemaError
from recado.events import Event
from recado.schemas.events import ReadAllRequest, ReadRequest, StoredEvent
from recado_eventstore import reading
from recado_eventstore.sqlite import SqliteStore
from recado_eventstore.store import Append
from tests.unit.eventstore.told import event, events


async def everything(store: SqliteStore) -> list[StoredEvent]:
    return (await store.read_all(ReadAllRequest(limit=1000))).events


def test_sixteen_bytes_are_kept_of_an_id() -> None:
    told = event()

    assert Append.of([told]).keys == [bytes.fromhex(told.id.replace("-", ""))]


async def test_an_event_is_read_as_it_was_told(store: SqliteStore) -> None:
    told = event(n=1, text="¿qué?", list=[1, {"x": None}], big=2**70, part=0.25)

    await store.append(Append.of([told]))

    (read,) = await everything(store)
    assert Event(**read.model_dump()) == replace(told, version=1, position=1)


async def test_each_event_is_written_once(store: SqliteStore) -> None:
    told = events(3)
    places = await store.append(Append.of(told))

    again = await store.append(Append.of([*told, event("order-2")]))

    assert again[:3] == [place._replace(is_new=False) for place in places]
    assert again[3] == ("order-2", 1, 4, True)
    assert await store.head() == 4


async def test_a_file_opened_again_goes_on_where_it_was(path: Path) -> None:
    for number in range(2):
        store = SqliteStore(path)
        await store.open()
        places = await store.append(Append.of(events(2)))
        assert [place.position for place in places] == [2 * number + 1, 2 * number + 2]
        await store.close()


async def test_what_waits_goes_to_disk_together(path: Path) -> None:
    heads: list[int] = []
    store = SqliteStore(path, heads.append)

    await asyncio.gather(*(store.append(Append.of(events(2))) for _ in range(50)))

    await store.close()
    assert heads == [2, 100] or heads == [100]


async def test_a_conflict_takes_nothing_from_the_others_in_its_group(
    store: SqliteStore,
) -> None:
    await store.append(Append.of(events(1)))

    good, bad, late = await asyncio.gather(
        store.append(Append.of(events(1), {"order-1": 1})),
        store.append(Append.of(events(1), {"order-1": 1})),
        store.append(Append.of(events(1, "order-2"))),
        return_exceptions=True,
    )

    assert good == [("order-1", 2, 2, True)]
    assert isinstance(bad, ConflictError)
    assert late == [("order-2", 1, 3, True)]


async def test_a_fault_of_one_append_takes_nothing_from_the_others(
    store: SqliteStore,
) -> None:
    unfit = event(value=object())

    results = await asyncio.gather(
        store.append(Append.of(events(1))),
        store.append(Append.of([unfit])),
        store.append(Append.of(events(1))),
        return_exceptions=True,
    )

    assert isinstance(results[1], SchemaError)
    assert [read.position for read in await everything(store)] == [1, 2]


async def test_several_streams_are_appended_to_or_none(store: SqliteStore) -> None:
    both = [event("order-1"), event("order-2")]

    with pytest.raises(ConflictError):
        await store.append(Append.of(both, {"order-1": 0, "order-2": 1}))
    assert await store.head() == 0

    await store.append(Append.of(both, {"order-1": 0, "order-2": "no_stream"}))
    assert await store.head() == 2


async def test_an_append_that_nobody_waits_for_any_more_is_on_disk_all_the_same(
    store: SqliteStore,
) -> None:
    waiting = asyncio.create_task(store.append(Append.of(events(1))))
    done = asyncio.create_task(store.append(Append.of(events(1))))
    await asyncio.sleep(0)

    waiting.cancel()
    await done

    assert waiting.cancelled()
    assert await store.head() == 2


async def test_a_stream_is_read_in_pages_in_both_directions(store: SqliteStore) -> None:
    await store.append(Append.of([*events(5), *events(2, "order-2")]))

    first = await store.read(ReadRequest(stream="order-1", limit=3))
    assert [it.version for it in first.events] == [1, 2, 3]
    assert (first.version, first.next_version) == (5, 4)

    rest = await store.read(ReadRequest(stream="order-1", from_version=4))
    assert [it.version for it in rest.events] == [4, 5]
    assert rest.next_version is None

    last = await store.read(ReadRequest(stream="order-1", limit=2, backwards=True))
    assert [it.version for it in last.events] == [5, 4]
    assert last.next_version == 3

    request = ReadRequest(stream="order-1", from_version=2, backwards=True)
    assert [it.version for it in (await store.read(request)).events] == [2, 1]
    assert (await store.read(request)).next_version is None


async def test_a_stream_that_is_not_there_is_at_version_0(store: SqliteStore) -> None:
    reply = await store.read(ReadRequest(stream="nothing"))

    assert (reply.events, reply.version, reply.next_version) == ([], 0, None)


async def test_the_log_is_read_from_behind_a_position(store: SqliteStore) -> None:
    await store.append(Append.of(events(5)))

    page = await store.read_all(ReadAllRequest(position=2, limit=2))
    assert [it.position for it in page.events] == [3, 4]
    assert (page.position, page.head) == (4, 5)

    page = await store.read_all(ReadAllRequest(position=page.position))
    assert [it.position for it in page.events] == [5]
    assert (page.position, page.head) == (5, 5)


async def test_the_log_is_filtered_by_type_and_by_prefix(store: SqliteStore) -> None:
    told = [
        event("order-1", "order.placed"),
        event("order-1", "order.paid"),
        event("order_2", "order.paid"),
        event("cart-1", "order.paid"),
    ]
    await store.append(Append.of(told))

    paid = await store.read_all(ReadAllRequest(types=["order.paid", "x"]))
    assert [it.position for it in paid.events] == [2, 3, 4]

    both = await store.read_all(ReadAllRequest(types=["order.paid"], prefix="order-"))
    assert [it.position for it in both.events] == [2]
    assert both.position == 4


async def test_the_position_advances_though_nothing_matched(store: SqliteStore) -> None:
    await store.append(Append.of(events(5)))

    page = await store.read_all(ReadAllRequest(types=["never.told"]))

    assert (page.events, page.position, page.head) == ([], 5, 5)


async def test_one_page_looks_at_a_bounded_part_of_the_log(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "SCAN_LIMIT", 2)
    await store.append(Append.of([*events(3), event("order-2")]))

    page = await store.read_all(ReadAllRequest(prefix="order-2"))
    assert (page.events, page.position, page.head) == ([], 2, 4)

    page = await store.read_all(ReadAllRequest(prefix="order-2", position=2))
    assert [it.position for it in page.events] == [4]


async def test_a_position_beyond_the_end_does_not_go_back(store: SqliteStore) -> None:
    await store.append(Append.of(events(1)))

    page = await store.read_all(ReadAllRequest(position=9))

    assert (page.events, page.position, page.head) == ([], 9, 1)


async def test_a_page_ends_before_it_is_too_large_for_a_message(
    store: SqliteStore,
) -> None:
    large = "x" * (reading.PAGE_BYTES * 2 // 5)
    await store.append(Append.of([event(text=large) for _ in range(3)]))

    page = await store.read_all(ReadAllRequest())
    assert [it.position for it in page.events] == [1, 2]
    assert page.position == 2

    stream = await store.read(ReadRequest(stream="order-1"))
    assert stream.next_version == 3


async def test_an_event_larger_than_a_page_is_read_alone(store: SqliteStore) -> None:
    huge = event(text="x" * (reading.PAGE_BYTES + 1))
    await store.append(Append.of([huge, event()]))

    page = await store.read_all(ReadAllRequest())

    assert [it.position for it in page.events] == [1]


async def test_two_stores_on_one_file_share_one_order(path: Path) -> None:
    one, two = SqliteStore(path), SqliteStore(path)

    told = [each.append(Append.of(events(3))) for each in (one, two) * 20]
    places = [place for places in await asyncio.gather(*told) for place in places]

    assert sorted(place.position for place in places) == list(range(1, 121))
    assert sorted(place.version for place in places) == list(range(1, 121))
    assert await one.head() == 120
    await one.close()
    await two.close()
