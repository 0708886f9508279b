"""How a run stands before it is started, in whatever order that is told."""

from __future__ import annotations

import itertools
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from recado.errors import NotFoundError, SchemaError
from recado.events import (
    RECIPE_STORED,
    RUN_REFUSED,
    RUN_REQUESTED,
    RUN_WAITING,
    Event,
    run_stream,
)
from recado.schemas.events import RunsRequest, requested_id
from recado_eventstore.schema import MIGRATIONS
from recado_eventstore.sqlite import SqliteStore
from recado_eventstore.store import Append
from tests.unit.eventstore.told import RUN, event, handled, started


def told(type_: str, at: float, **data: Any) -> Event:
    made = event(run_stream(RUN), type_, **data)
    return Event(made.id, made.stream, type_, data, at)


WAITS = told(RUN_WAITING, 10, why="limit", text="too many", until=None, user="maria")
LATER = told(RUN_WAITING, 20, why="scheduled", text="later", until=99.0, user="maria")
REFUSED = told(RUN_REFUSED, 30, text="no such recipe", user="maria")
STARTED = started("a", at=40.0, user="maria")
HANDLED = handled("a", at=41.0)


async def shown(store: SqliteStore) -> tuple[str, str, str, float | None, str | None]:
    run = await store.run(RUN)
    return run.state, run.why, run.text, run.until, run.user


async def test_a_run_that_waits_says_for_what(store: SqliteStore) -> None:
    await store.append(Append.of([WAITS]))
    first = await shown(store)
    await store.append(Append.of([LATER]))

    assert first == ("waiting", "limit", "too many", None, "maria")
    assert await shown(store) == ("waiting", "scheduled", "later", 99.0, "maria")
    assert (await store.runs(RunsRequest(state="waiting"))).runs[0].run == RUN


async def test_a_run_that_is_refused_says_why(store: SqliteStore) -> None:
    await store.append(Append.of([WAITS, REFUSED]))

    assert await shown(store) == ("refused", "", "no such recipe", None, "maria")


@pytest.mark.parametrize("order", list(itertools.permutations([WAITS, LATER, REFUSED])))
async def test_the_latest_holds_whatever_the_order(
    store: SqliteStore, order: tuple[Event, ...]
) -> None:
    for each in order:
        await store.append(Append.of([each]))

    assert (await shown(store))[0] == "refused"


@pytest.mark.parametrize(
    "order", list(itertools.permutations([WAITS, REFUSED, STARTED, HANDLED]))
)
async def test_a_run_that_is_started_waits_no_more_whatever_the_order(
    store: SqliteStore, order: tuple[Event, ...]
) -> None:
    for each in order:
        await store.append(Append.of([each]))

    assert await shown(store) == ("done", "", "", None, "maria")
    assert (await store.run(RUN)).finishes == 1


async def test_a_wait_of_which_nothing_is_said_is_refused() -> None:
    with pytest.raises(SchemaError, match="until"):
        Append.of([told(RUN_WAITING, 1, why="limit", until="soon")])


async def test_what_a_run_was_started_from_is_found_by_its_request(
    store: SqliteStore,
) -> None:
    start = started("a", request="m-1", parameters={"x": 1}, recipes=["named"])
    data: dict[str, Any] = {
        "request": "m-1",
        "headers": {"zocalo.go.user": "maria"},
        "body": {"recipes": ["named"]},
        "body_bytes": 20,
        "filters": [{"name": "f", "changed": {"parameters.x": 1}, "removed": []}],
        "recipe": "abc",
    }
    requested = Event(
        requested_id("m-1"), run_stream(RUN), RUN_REQUESTED, data, start.at
    )
    await store.append(Append.of([start]))
    with pytest.raises(NotFoundError, match="nothing is written down"):
        await store.logbook(RUN)
    await store.append(Append.of([requested]))
    without = await store.logbook(RUN)
    recipe = {"start": [[1, None]], "1": {"queue": "a"}}
    await store.append(Append.of([event("recipe-abc", RECIPE_STORED, recipe=recipe)]))

    book = await store.logbook(RUN)

    assert without.recipe is None
    assert (book.body, book.recipe) == ({"recipes": ["named"]}, recipe)
    assert (book.request, book.parameters) == ("m-1", {"x": 1})
    assert book.filters[0].changed == {"parameters.x": 1}


async def test_a_run_that_is_not_started_has_no_logbook(store: SqliteStore) -> None:
    await store.append(Append.of([WAITS]))

    with pytest.raises(NotFoundError, match="is not started"):
        await store.logbook(RUN)
    with pytest.raises(NotFoundError, match="no run 'other'"):
        await store.logbook("other")


async def test_a_database_of_the_first_version_is_brought_up_to_date(
    path: Path,
) -> None:
    store = SqliteStore(path)
    await store.open()
    await store.append(Append.of([started("a", user="maria")]))
    await store.close()
    _back_to_the_first(path)

    store = SqliteStore(path)
    await store.open()
    await store.append(Append.of([handled("a")]))

    assert await shown(store) == ("done", "", "", None, None)
    await store.close()


def _back_to_the_first(path: Path) -> None:
    database = sqlite3.connect(path, isolation_level=None)
    assert len(MIGRATIONS) == 3
    database.execute("DROP TABLE run_study")
    database.execute("DROP INDEX runs_by_user")
    for column in ("user", "pending"):
        database.execute(f"ALTER TABLE runs DROP COLUMN {column}")
    database.execute("PRAGMA user_version = 1")
    database.close()
