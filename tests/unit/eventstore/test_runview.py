"""The view of the runs: written with the events, each fact counted once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recado.errors import NotFoundError
from recado.events import RUN_FINISHED, Event, run_stream
from recado.ids import checksum, derived_id
from recado.schemas.events import ReadRequest, RunsRequest, RunStep
from recado_eventstore import runreading
from recado_eventstore.sqlite import SqliteStore
from recado_eventstore.store import Append
from tests.unit.eventstore.told import (
    RUN,
    dead,
    event,
    failed,
    handled,
    named,
    retried,
    started,
)


async def tell(store: SqliteStore, *told: Event) -> None:
    await store.append(Append.of(told))


async def ends(store: SqliteStore) -> list[str]:
    page = await store.read(ReadRequest(stream=run_stream(RUN)))
    return [it.data["state"] for it in page.events if it.type == RUN_FINISHED]


async def start_runs(store: SqliteStore, *names: str) -> None:
    for name in names:
        await tell(store, started("a", run=name))


async def test_a_run_shows_what_it_was_started_with(store: SqliteStore) -> None:
    known = {"parameters": {"width": 800}, "request": "m-1", "host": "h"}
    told = started("a", recipes=["resize"])

    await tell(store, replace(told, data={**told.data, **known}))

    run = await store.run(RUN)
    assert (run.state, run.sent, run.started_at) == ("running", 1, 100.0)
    assert (run.recipes, run.parameters) == (["resize"], {"width": 800})
    assert run.request == "m-1"


async def test_a_run_known_before_its_start_is_running(store: SqliteStore) -> None:
    await tell(store, handled("a"))

    run = await store.run(RUN)

    assert (run.state, run.started_at, run.recipes) == ("running", None, [])
    assert (run.parameters, run.request) == ({}, "")


async def test_the_end_of_a_run_is_told_in_the_same_append(store: SqliteStore) -> None:
    await tell(store, started("a"), handled("a"))

    page = await store.read(ReadRequest(stream=run_stream(RUN)))
    end = page.events[-1]
    assert (end.type, end.version, end.position) == (RUN_FINISHED, 3, 3)
    assert end.id == derived_id(RUN, "finished/1")
    assert (await store.run(RUN)).state == "done"


async def test_an_event_that_comes_again_counts_once(store: SqliteStore) -> None:
    told = [started("a", "b"), handled("a"), failed("b"), handled("b")]

    for _ in range(2):
        await tell(store, *told)
        await tell(store, *told, *told)

    run = await store.run(RUN)
    assert (run.sent, run.handled, run.failed, run.finishes) == (2, 2, 1, 1)
    assert [(step.handled, step.failed) for step in run.steps] == [(2, 1)]
    assert await ends(store) == ["done"]


async def test_all_64_bits_of_a_checksum_are_kept(store: SqliteStore) -> None:
    high = ["h", "i", "j"]
    assert any(checksum(named(name)) >= 2**63 for name in high)

    await tell(store, started(*high))
    for name in high:
        await tell(store, handled(name))

    assert (await store.run(RUN)).state == "done"


async def test_a_step_shows_counts_times_and_its_dead_letters(
    store: SqliteStore,
) -> None:
    await tell(store, started("a", "b"), handled("a", "c", at=104.0, ms=3.0))
    await tell(store, failed("b"), dead("b", at=102.0), handled("c", step=2, ms=0.5))

    run = await store.run(RUN)

    one, two = run.steps
    assert one == RunStep(
        step=1,
        service="worker",
        queue="work",
        sent=1,
        handled=1,
        failed=1,
        dead=1,
        first_at=101.0,
        last_at=104.0,
        ms_sum=3.0,
    )
    assert (two.step, two.handled, two.dead) == (2, 1, 0)
    assert run.dead_letters == ["letter-b"]


async def test_what_is_not_part_of_the_recipe_has_no_step(store: SqliteStore) -> None:
    await tell(store, started("a"), handled("a", step=None))

    (step,) = (await store.run(RUN)).steps

    assert step.step is None


async def test_a_retry_takes_the_dead_letter_off_the_run(store: SqliteStore) -> None:
    await tell(store, started("a"), dead("a"))
    assert (await store.run(RUN)).state == "incomplete"

    await tell(store, retried("a"))
    run = await store.run(RUN)
    assert (run.state, run.dead, run.dead_letters) == ("running", 0, [])
    assert run.steps[0].dead == 0

    await tell(store, handled("a", retries=1))
    assert (await store.run(RUN)).state == "done"
    assert await ends(store) == ["incomplete", "done"]


async def test_a_retry_heard_of_before_its_dead_letter_is_no_dead_letter(
    store: SqliteStore,
) -> None:
    await tell(store, started("a"), retried("a"))
    await tell(store, dead("a"))

    run = await store.run(RUN)

    assert (run.state, run.dead, run.dead_letters) == ("running", 0, [])
    assert run.steps[0].dead == 0


async def test_a_dead_letter_without_an_id_is_named_by_its_message(
    store: SqliteStore,
) -> None:
    told = dead("a")
    nameless = replace(told, data={"message": told.data["message"]})

    await tell(store, nameless)

    assert (await store.run(RUN)).dead_letters == [named("a")]


async def test_many_dead_letters_are_counted_and_the_first_named(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runreading, "LETTER_LIMIT", 2)
    await tell(store, *(dead(f"m{number}") for number in range(5)))

    run = await store.run(RUN)

    assert (run.dead, len(run.dead_letters), run.steps[0].dead) == (5, 2, 5)


async def test_runs_are_listed_newest_first_in_pages(store: SqliteStore) -> None:
    await start_runs(store, "one", "two", "three")

    page = await store.runs(RunsRequest(limit=2))
    assert [run.run for run in page.runs] == ["three", "two"]

    rest = await store.runs(RunsRequest(limit=2, before=page.next))
    assert [run.run for run in rest.runs] == ["one"]
    assert rest.next is None


async def test_runs_are_listed_by_state(store: SqliteStore) -> None:
    await start_runs(store, "one", "two", "three")
    await tell(store, handled("a", run="two"))

    done = await store.runs(RunsRequest(state="done"))
    running = await store.runs(RunsRequest(state="running", limit=1))

    assert [run.run for run in done.runs] == ["two"]
    assert [run.run for run in running.runs] == ["three"]
    assert running.next is not None


async def test_a_run_that_was_never_heard_of_is_not_found(store: SqliteStore) -> None:
    with pytest.raises(NotFoundError, match="no run 'x'; there are none"):
        await store.run("x")

    await start_runs(store, "one", "two")
    with pytest.raises(NotFoundError, match="no run 'x'; the newest: two, one"):
        await store.run("x")


async def test_events_of_no_run_make_no_run(store: SqliteStore) -> None:
    await tell(store, event())

    assert (await store.runs(RunsRequest())).runs == []


async def test_a_run_shows_how_much_of_its_studies_is_done(store: SqliteStore) -> None:
    chunk = expanded("a.toml", 500)

    await tell(store, started("a", "b"), handled("a"), requested("a.toml", 1000))
    await tell(store, requested("b@1.2", 24), chunk, requested("a.toml", 200))
    await tell(store, chunk, expanded("a.toml", 250))

    run = await store.run(RUN)
    assert [(each.study, each.done, each.asked) for each in run.studies] == [
        ("a.toml", 750, 1200),
        ("b@1.2", 0, 24),
    ]
    assert (run.state, run.sent, run.handled) == ("running", 2, 1)


async def test_what_a_study_tells_finishes_no_run_again(store: SqliteStore) -> None:
    await tell(store, started("a"), handled("a"))

    await tell(store, expanded("a.toml", 5))

    assert await ends(store) == ["done"]


async def test_what_is_told_of_a_study_without_numbers_counts_nothing(
    store: SqliteStore,
) -> None:
    await tell(store, event(run_stream(RUN), "study.expanded"))

    assert (await store.run(RUN)).studies == []


def requested(study: str, participants: int) -> Event:
    return of_study("study.requested", study, participants)


def expanded(study: str, participants: int) -> Event:
    return of_study("study.expanded", study, participants)


def of_study(type_: str, study: str, participants: int) -> Event:
    return event(run_stream(RUN), type_, study=study, participants=participants)
