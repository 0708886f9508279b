"""What a claim takes: in order, suspects apart, and nobody stands still for long."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

from recado.message import ID, Message, Outgoing
from recado.transport import DEAD_LETTERS
from recado.transport.embedded import claims, workers
from recado.transport.embedded.claims import RESERVED_S, Claim, choose
from recado.transport.embedded.store import EMPTY
from tests.unit.embedded.tables import QUEUE, Tables, names, tables


@pytest.fixture
def at() -> Generator[Tables]:
    with tables() as at:
        yield at


def row(name: str, company: int = 0, attempt: int = 1) -> list[Any]:
    return [name, attempt, company]


def chosen(*found: list[Any], holding: bool = False) -> tuple[str, bool, str]:
    choice = choose(list(found), 20, holding=holding)
    taken, reserved = (
        "".join(r[0] for r in c) for c in (choice.taken, choice.reserved)
    )
    return taken, choice.alone, reserved


def test_without_suspects_everything_is_taken() -> None:
    assert chosen(row("a"), row("b")) == ("ab", False, "")
    assert chosen(row("a"), row("b"), holding=True) == ("ab", False, "")
    assert chosen() == ("", False, "")


def test_a_suspect_is_taken_alone() -> None:
    assert chosen(row("s", 1), row("a")) == ("s", True, "")


def test_who_holds_something_takes_what_is_before_a_suspect_and_reserves_it() -> None:
    assert chosen(row("s", 1), row("a"), holding=True) == ("", False, "s")
    assert chosen(row("a"), row("s", 1), row("b"), holding=True) == ("a", False, "s")


def test_what_is_before_a_suspect_goes_first() -> None:
    assert chosen(row("a"), row("s", 1)) == ("a", False, "s")


def test_suspects_of_a_large_crash_travel_together_but_with_nobody_else() -> None:
    suspects = [row(name, 3) for name in "stuvw"]

    assert chosen(*suspects, row("a")) == ("stu", True, "")
    assert chosen(*suspects[3:], row("a")) == ("vw", True, "")


def test_no_company_is_larger_than_any_of_it_may_be_in() -> None:
    assert chosen(row("s", 3), row("t", 2), row("u", 3)) == ("st", True, "")
    assert chosen(row("s", 3), row("t", 1), row("u", 3)) == ("s", True, "")
    assert chosen(row("s", 1), row("t", 3), row("u", 3)) == ("s", True, "")


def test_a_suspect_that_had_all_its_deliveries_is_no_suspect() -> None:
    assert chosen(row("s", 1, 20), row("a"), holding=True) == ("sa", False, "")


def test_one_that_holds_something_prepares_and_the_others_pass_the_suspect_by(
    at: Tables,
) -> None:
    at.publish("s", "a", "b", "c")
    at.crash("s")
    first, second = at.worker(), at.worker()

    prepares = at.claim(first, 1, holding=True)
    passes = at.claim(second, 1, holding=True)
    again = at.claim(second, 1, holding=True)

    assert (names(prepares), prepares.blocked) == ([], True)
    assert (names(passes), passes.blocked) == (["a"], False)
    assert (names(again), again.blocked) == (["b"], False)


def test_who_holds_nothing_takes_a_suspect_that_another_has_reserved(
    at: Tables,
) -> None:
    at.publish("s", "a")
    at.crash("s")
    at.claim(at.worker(), holding=True)

    taken = at.claim(at.worker())

    assert (names(taken), taken.alone, taken.more) == (["s"], True, True)


def test_a_suspect_does_not_wait_for_ever(at: Tables) -> None:
    at.publish("s", *(f"m{number}" for number in range(9)))
    at.crash("s")
    busy = [at.worker() for _ in range(3)]
    preparing = 0

    for worker in busy:  # a steady flow: none of them is ever without a message
        preparing += at.claim(worker, 1, holding=True).blocked
        at.claim(worker, 1, holding=True)
        at.now += RESERVED_S

    assert preparing == len(busy)


def test_a_clock_set_back_does_not_keep_a_suspect_reserved(at: Tables) -> None:
    at.publish("s", "a")
    at.crash("s")
    at.claim(at.worker(), holding=True)

    at.now -= 3_600

    assert at.claim(at.worker(), holding=True).blocked


def test_a_reserved_suspect_is_ready_as_before(at: Tables) -> None:
    at.publish("s")
    at.crash("s")
    at.claim(at.worker(), holding=True)

    states = at.store.database.execute("SELECT state FROM message").fetchall()

    assert states == [(0,)]


def test_who_is_not_registered_gets_nothing(at: Tables) -> None:
    at.publish("a")

    claimed = at.claim(77)

    assert (claimed.rows, claimed.is_lost, claimed.more) == ([], True, True)
    assert at.attempts() == {"a": 0}


def test_a_claim_says_whether_there_may_be_more(at: Tables) -> None:
    at.publish("a", "b", "c")
    worker = at.worker()

    assert at.claim(worker, 2).more
    assert not at.claim(worker, 2).more


def test_what_has_come_due_is_claimed_and_the_next_time_told(at: Tables) -> None:
    at.publish("soon", delay_s=5.0)
    at.publish("late", delay_s=60.0)
    worker, start = at.worker(), at.now

    early = at.claim(worker)
    at.now += 5.0
    due = at.claim(worker)

    assert (names(early), early.next_due) == ([], start + 5.0)
    assert (names(due), due.next_due) == (["soon"], start + 60.0)


def test_many_that_come_due_at_once_do_not_make_one_long_transaction(
    at: Tables,
) -> None:
    at.publish(*map(str, range(1_500)), delay_s=1.0)
    worker = at.worker()
    at.now += 1.0

    first = at.claim(worker)
    second = at.claim(worker)

    assert (len(first.rows), len(second.rows)) == (1_000, 500)
    assert first.next_due is not None
    assert first.next_due <= at.now


def test_bodies_too_large_for_one_text_are_claimed_in_smaller_numbers(
    at: Tables,
) -> None:
    at.store.database.setlimit(0, 100_000)  # SQLITE_LIMIT_LENGTH
    message = Message(b"\xff" * 20_000, {ID: "a"})  # told in hexadecimal: twice as long
    at.store.publish([Outgoing(QUEUE, message)] * 8)
    worker = at.worker()

    claimed = at.claim(worker, 8)

    assert len(claimed.rows) == 1
    assert claimed.more


def test_what_had_all_its_deliveries_is_given_up_with_the_reason() -> None:
    with tables(ceiling=2) as at:
        at.publish("bad")
        for _ in range(2):
            at.crash("bad")
        at.publish("good")

        claimed = at.claim(at.worker())

        [letter] = at.store.database.execute(
            "SELECT headers FROM message WHERE queue = ?",
            (at.store.queue_id(DEAD_LETTERS),),
        ).fetchall()
    assert names(claimed) == ["good"]
    assert "delivered 2 times, 2 of them ended by the death" in letter[0]


def test_a_dead_letter_dies_no_second_death() -> None:
    with tables(ceiling=1) as at:
        letters = at.store.queue_id(DEAD_LETTERS) or 0
        at.store.publish([Outgoing(DEAD_LETTERS, Message(b"{}", {ID: "a"}))])
        seen: list[str] = []
        for _ in range(6):
            worker = at.worker()
            taken = Claim(letters, worker).take(at.store, 1, holding=False)
            workers.remove(at.store, worker, [row.id for row in taken.rows])
            seen += names(taken)

        assert seen == ["a"] * 3  # every other claim lets it begin anew


def test_what_is_taken_from_a_temporary_queue_is_gone(at: Tables) -> None:
    worker = at.worker()
    queue = at.store.add_temporary("topic.news.1", "news", worker) or 0
    at.store.publish([Outgoing("news", Message(b"{}", {ID: "a"}), is_topic=True)])

    taken = Claim(queue, worker, fleeting=True).take(at.store, 9, holding=False)

    assert names(taken) == ["a"]
    assert at.attempts() == {}


def test_a_temporary_queue_is_not_made_for_who_is_not_registered(at: Tables) -> None:
    assert at.store.add_temporary("topic.news.1", "news", 77) is None


@pytest.mark.parametrize(
    ("statement", "values", "index"),
    [
        (
            claims.CANDIDATES,
            {"queue": 1, "holding": True, "now": 0.0, "wanted": 9},
            "message_ready",
        ),
        (claims.DUE, (1,), "message_due"),
        (claims.PROMOTE, (1, 0.0), "message_due"),
    ],
)
def test_a_claim_looks_only_at_what_it_may_take(
    at: Tables, statement: str, values: Any, index: str
) -> None:
    plan = at.plan(statement, values)

    assert f"INDEX {index}" in plan
    assert "SCAN message" not in plan
    assert "TEMP B-TREE" not in plan


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT id FROM message WHERE worker = ? AND state = 2",
        "SELECT 1 FROM worker WHERE id = ?",
        "SELECT id FROM queue WHERE topic = ?",
        "SELECT id, worker FROM queue WHERE name = ?",
        *EMPTY.values(),
    ],
)
def test_what_happens_often_is_found_by_an_index(at: Tables, statement: str) -> None:
    assert "SCAN" not in at.plan(statement, (1,))
