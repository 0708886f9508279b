"""Admission: how many runs of one submitter are at work at the same time."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recado.errors import SchemaError
from recado.events import RUN_ADMITTED, run_stream
from recado.schemas.events import ReadRequest, RunsRequest
from recado_eventstore.quota import ADMITTED_S, OverLimitError, Quota
from recado_eventstore.sqlite import SqliteStore
from recado_eventstore.store import Append
from tests.unit.eventstore.told import event, handled, started


async def admitted(
    store: SqliteStore, run: str, user: str = "maria", *, limit: int = 2, at: float = 50
) -> bool:
    try:
        await store.append(Append.of_admission(Quota(run, user, limit, at)))
    except OverLimitError:
        return False
    return True


async def test_no_more_are_admitted_than_there_may_be(store: SqliteStore) -> None:
    asked = [await admitted(store, f"r{number}") for number in range(4)]

    assert asked == [True, True, False, False]
    assert await admitted(store, "other", "juan")
    rows = (await store.runs(RunsRequest())).runs
    assert {(row.run, row.user, row.state) for row in rows} == {
        ("r0", "maria", "running"),
        ("r1", "maria", "running"),
        ("other", "juan", "running"),
    }


async def test_who_was_admitted_is_admitted_again_and_counts_once(
    store: SqliteStore,
) -> None:
    asked = [await admitted(store, "r0") for _ in range(5)]

    assert asked == [True] * 5
    page = await store.read(ReadRequest(stream=run_stream("r0")))
    assert [each.type for each in page.events] == [RUN_ADMITTED]
    assert await admitted(store, "r1")
    assert not await admitted(store, "r2")


async def test_of_many_who_ask_at_once_of_many_stores_none_is_too_many(
    path: Path,
) -> None:
    stores = [SqliteStore(path) for _ in range(3)]
    for store in stores:
        await store.open()

    asked = await asyncio.gather(
        *(admitted(stores[n % 3], f"r{n}", limit=7) for n in range(60))
    )

    assert sum(asked) == 7
    for store in stores:
        await store.close()


async def test_a_run_that_is_settled_makes_room(store: SqliteStore) -> None:
    assert await admitted(store, "r0", limit=1)
    await store.append(Append.of([started("a", run="r0", user="maria")]))
    while_it_runs = await admitted(store, "r1", limit=1, at=10**6)
    await store.append(Append.of([handled("a", run="r0")]))

    assert not while_it_runs
    assert await admitted(store, "r1", limit=1)


async def test_a_run_that_was_never_started_makes_room_in_the_end(
    store: SqliteStore,
) -> None:
    assert await admitted(store, "r0", limit=1, at=0)

    assert not await admitted(store, "r1", limit=1, at=ADMITTED_S - 1)
    assert await admitted(store, "r1", limit=1, at=ADMITTED_S + 1)


async def test_runs_that_a_step_started_count_for_nobody(store: SqliteStore) -> None:
    by_step = started("a", run="r0", parent="r", user="")
    by_nobody = started("a", run="r1")
    await store.append(Append.of([by_step, by_nobody]))

    assert not await admitted(store, "r2", "", limit=1)
    assert await admitted(store, "r2", "", limit=2)


async def test_nobody_else_tells_of_an_admission(store: SqliteStore) -> None:
    with pytest.raises(SchemaError, match=r"run.admitted is told by the event store"):
        Append.of([event(run_stream("r"), RUN_ADMITTED)])
