"""Looking at a broker costs what is looked at, not what else there is."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from recado.errors import UnroutableError
from recado.message import ID, Message, Outgoing
from recado.transport import Depth
from recado.transport.embedded import reading
from tests.unit.embedded.tables import QUEUE, Tables, tables


@pytest.fixture
def at() -> Generator[Tables]:
    with tables() as at:
        yield at


def page(at: Tables, limit: int = 100, after: int = 0) -> list[tuple[str, str]]:
    found = reading.browse(at.store.database, at.now, QUEUE, limit, after)
    return [(it.message.headers[ID], it.state) for it in found]


@pytest.mark.parametrize("few", [10_000, 0])
def test_small_and_large_queues_are_shown_alike(
    at: Tables, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    monkeypatch.setattr(
        reading, "ARE_FEW", f"SELECT count(*) <= {few} FROM message WHERE queue = :q"
    )
    at.publish("held")
    at.claim(at.worker())
    at.publish("late", delay_s=60.0)
    at.publish("low", priority=1)
    at.publish("high", priority=9)
    at.store.declare(["other"])
    at.store.publish([Outgoing("other", Message(b"{}", {ID: "not this"}))])

    shown = page(at)

    assert shown == [
        ("held", "held"),
        ("late", "delayed"),
        ("low", "ready"),
        ("high", "ready"),
    ]
    assert page(at, limit=2) == shown[:2]
    assert page(at, limit=2, after=2) == shown[2:]


@pytest.mark.parametrize(
    "statement", [reading.BY_STATE, reading.ARE_FEW, reading.DEPTH]
)
def test_a_small_queue_is_looked_at_without_a_look_at_the_others(
    at: Tables, statement: str
) -> None:
    plan = at.plan(statement, {"q": 1, "after": 0, "limit": 9, "now": 0.0})

    # Of what is held, which is little, all is looked at.
    assert "SCAN message" not in plan.replace(
        "SCAN message USING INDEX message_held", ""
    )


def test_an_unknown_queue_is_told_with_the_nearest(at: Tables) -> None:
    with pytest.raises(UnroutableError, match=r"'wrok'; did you mean 'work'"):
        reading.depth(at.store.database, at.now, "wrok")


def test_a_file_in_which_nothing_happens_has_one_version(at: Tables) -> None:
    first = reading.version(at.store.database, at.now)

    assert reading.version(at.store.database, at.now) == first


def test_depths_are_those_of_declared_queues(at: Tables) -> None:
    worker = at.worker()
    at.store.add_temporary("reply.1", None, worker)
    at.publish("a", "b")
    at.publish("late", delay_s=60.0)

    assert reading.depths(at.store.database, at.now) == {
        "dlq": Depth(0, 0, 0),
        QUEUE: Depth(2, 1, 0),
    }
    assert reading.workers(at.store.database, at.now) == [worker]
