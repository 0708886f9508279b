"""A dead process is to blame for nothing but what it had begun."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from recado.message import ID, Message, Outgoing
from recado.transport.embedded import workers
from recado.transport.embedded.store import Ending
from tests.unit.embedded.tables import Tables, names, tables


@pytest.fixture
def at() -> Generator[Tables]:
    with tables() as at:
        yield at


def companies(at: Tables) -> set[int]:
    rows = at.store.database.execute("SELECT company FROM message WHERE company > 0")
    return {company for (company,) in rows}


def test_what_had_begun_has_failed_and_the_rest_is_put_back_unharmed(
    at: Tables,
) -> None:
    at.publish("a", "b", "c")

    at.crash("b")

    assert at.attempts() == {"a": 0, "b": 1, "c": 0}


def test_a_worker_is_removed_once(at: Tables) -> None:
    at.publish("a")
    worker = at.crash("a")

    assert not workers.remove(at.store, worker, [1])
    assert at.attempts() == {"a": 1}


def test_what_another_holds_by_now_is_not_touched(at: Tables) -> None:
    at.publish("a")
    dead, living = at.worker(), at.worker()
    [row] = at.claim(living).rows

    workers.remove(at.store, dead, [row.id])

    assert at.store.held([row.id], living)
    assert at.attempts() == {"a": 1}


def test_few_suspects_travel_alone(at: Tables) -> None:
    at.publish(*map(str, range(31)))

    at.crash(*map(str, range(31)))

    assert companies(at) == {1}


def test_many_suspects_are_tried_in_company(at: Tables) -> None:
    at.publish(*map(str, range(500)), "innocent")

    at.crash(*map(str, range(500)))
    taken = at.claim(at.worker())

    assert len(taken.rows) == 500 // 16
    assert taken.alone


def test_what_kills_is_found_without_harm_to_the_others(at: Tables) -> None:
    innocent = [f"m{number}" for number in range(600)]
    at.publish(*innocent[:300], "poison", *innocent[300:])
    at.crash("poison", *innocent)
    died_with = [601]

    while died_with[-1] > 1:
        worker = at.worker()
        held = at.claim(worker)
        rows = [row.id for row in held.rows]
        if "poison" in names(held):
            died_with.append(len(rows))
            workers.remove(at.store, worker, rows)
        else:
            assert {row.attempt for row in held.rows} == {2}
            at.store.delete(rows)

    left = at.attempts()
    assert died_with == [601, 37, 2, 1]
    assert left.pop("poison") == 2  # with the others it died uncharged
    assert set(left.values()) == {1}


def test_a_company_shrinks_at_each_crash_whoever_else_dies_with_it(
    at: Tables,
) -> None:
    at.publish(*map(str, range(4_000)))
    at.crash(*map(str, range(4_000)))
    seen = [companies(at)]

    for _ in range(2):
        worker = at.worker()
        held = [row.id for row in at.claim(worker).rows]
        # Another consumer of the process holds much that is not suspect.
        others = [row.id for row in at.claim(worker).rows] + list(range(10_000, 10_400))
        workers.remove(at.store, worker, held + others)
        row = at.store.database.execute(
            "SELECT min(company) FROM message WHERE id = ?", (held[0],)
        )
        seen.append({row.fetchone()[0]})

    assert seen == [{250}, {15}, {1}]


def test_a_crash_in_company_is_not_charged_twice_and_one_alone_is(at: Tables) -> None:
    at.publish(*map(str, range(64)))
    at.crash(*map(str, range(64)))
    assert set(at.attempts().values()) == {1}

    at.crash("0", "1", "2", "3")  # a company of four
    assert set(at.attempts().values()) == {1}

    at.crash("0")  # alone by now
    assert at.attempts()["0"] == 2
    assert at.attempts()["1"] == 1


def test_a_last_one_of_a_company_is_charged(at: Tables) -> None:
    at.publish(*map(str, range(64)))
    at.crash(*map(str, range(64)))

    at.crash("0")

    assert at.attempts()["0"] == 2


def test_a_message_that_is_tried_again_is_no_suspect(at: Tables) -> None:
    at.publish("a", "b")
    at.crash("a")
    [row] = at.claim(at.worker()).rows

    at.store.end(Ending(rows=[row.id], retried=[(row.id, 0.0, '{"recado-id": "a"}')]))

    assert companies(at) == set()


def test_a_lease_is_renewed_until_the_worker_is_removed(at: Tables) -> None:
    worker = at.worker()

    assert workers.renew(at.store, worker, 50.0)
    assert workers.overdue(at.store, 50.0) == []
    assert workers.overdue(at.store, 51.0) == [worker]
    workers.remove(at.store, worker, [])
    assert not workers.renew(at.store, worker, 99.0)


def test_a_number_is_never_used_again(at: Tables) -> None:
    first = at.worker()
    workers.remove(at.store, first, [])

    assert at.worker() > first


def test_temporary_queues_go_with_their_worker(at: Tables) -> None:
    worker = at.worker()
    at.store.add_temporary("topic.news.1", "news", worker)
    at.store.publish([Outgoing("news", Message(b"{}", {ID: "a"}), is_topic=True)])

    workers.remove(at.store, worker, [])

    assert at.attempts() == {}
    assert at.store.queue_id("topic.news.1") is None


def test_the_clock_of_leases_is_not_one_that_somebody_sets() -> None:
    before = workers.host_time()

    assert 0 <= workers.host_time() - before < 60
