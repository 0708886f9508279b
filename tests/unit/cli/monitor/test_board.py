"""What is made of heartbeats and depths, at a time that is given."""

from __future__ import annotations

from typing import Any

import pytest

from recado.control import Heard
from recado.schemas.registry import Beat
from recado.transport import Depth
from recado_cli.monitor.board import Board
from recado_cli.monitor.view import InstanceRow


def heard(
    at: float, status: int = 2, host: str = "ws.1", **more: Any
) -> dict[str, Heard]:
    content = {"host": host, "status": status, "service": "hello"} | more
    return {host: Heard(Beat.model_validate(content), at)}


def ours(handled: int, **more: Any) -> dict[str, Any]:
    return {"recado": {"handled": handled, "dead": 0, "queues": ["hello"]} | more}


def row(board: Board, now: float) -> InstanceRow:
    (found,) = board.view(now).instances
    return found


def test_a_recado_service_tells_what_it_works_on() -> None:
    board = Board("b")
    facts = ours(7, in_flight=3, concurrency=8, version="1.2")
    used = {"2": 0.75, "4": 0.25}

    board.hear(
        heard(0.0, 4, statustext="processing", utilization=used, tag="x", **facts)
    )

    assert row(board, 1.0) == InstanceRow(
        service="hello",
        instance="ws.1",
        state="processing",
        age_s=1.0,
        share=0.25,
        in_work=3,
        concurrency=8,
        handled=7,
        dead=0,
        version="1.2",
        tag="x",
    )


def test_a_zocalo_service_tells_less() -> None:
    board = Board("b")

    board.hear(
        heard(
            0.0,
            service="DLS Dispatcher",
            statustext="idle",
            utilization={"2": 0.5, "3": 0.1, "4": 0.4},
            workflows="3.3",
        )
    )

    found = row(board, 0.0)
    assert (found.service, found.state, found.version) == (
        "DLS Dispatcher",
        "idle",
        "3.3",
    )
    assert (found.is_ours, found.share, found.in_work) == (False, 0.5, None)


@pytest.mark.parametrize(
    "more",
    [
        {"utilization": [1]},
        {"utilization": {"4": "x"}},
        {"utilization": {"4": 10**400}},
        {"recado": {"handled": 10**400, "in_flight": 10**400}},
        {"recado": {"handled": "x", "in_flight": -1, "queues": "hello"}},
        {"recado": {"handled": True, "queues": [1, None]}},
        {"tag": {"a": 1}, "workflows": [3]},
    ],
    ids=str,
)
def test_what_others_put_into_a_heartbeat_does_no_harm(more: dict[str, Any]) -> None:
    board = Board("b")

    board.hear(heard(0.0, **more))

    found = row(board, 0.0)
    assert (found.handled, found.in_work, found.share) == (None, None, None)
    assert board.queues == []


@pytest.mark.parametrize(
    ("status", "text"), [(2, "idle"), (-1, "no service"), (42, "42")]
)
def test_a_state_without_a_text_is_known_by_its_number(status: int, text: str) -> None:
    board = Board("b")

    board.hear(heard(0.0, status))

    assert row(board, 0.0).state == text


def test_the_rate_is_that_of_the_last_two_heartbeats() -> None:
    board = Board("b")
    assert board.view(0.0).instances == ()

    board.hear(heard(0.0, **ours(100)))
    assert row(board, 0.0).rate is None
    board.hear(heard(5.0, **ours(150)))
    assert row(board, 5.0).rate == 10.0
    board.hear(heard(10.0, **ours(150)))
    board.hear(heard(20.0, **ours(150)))
    board.hear(heard(30.0, **ours(150)))

    assert row(board, 30.0).rate == 0.0


def test_a_counter_that_begins_anew_makes_no_negative_rate() -> None:
    board = Board("b")
    for at, number in ((0.0, 100), (5.0, 3), (10.0, 13)):
        board.hear(heard(at, **ours(number)))

    assert row(board, 10.0).rate == 2.0


@pytest.mark.parametrize(
    ("age", "is_old", "is_late", "is_shown"),
    [
        (9.0, False, False, True),
        (11.0, True, False, True),
        (61.0, True, True, True),
        (90.0, True, True, True),
        (91.0, False, False, False),
    ],
)
def test_an_instance_that_is_silent_grows_old_and_is_dropped(
    age: float, is_old: bool, is_late: bool, is_shown: bool
) -> None:
    board = Board("b")
    board.hear(heard(0.0))

    gone = board.forget(age)

    assert (gone == []) is is_shown
    if is_shown:
        found = row(board, age)
        assert (found.is_old, found.is_late) == (is_old, is_late)
    else:
        assert board.view(age).instances == ()


def test_one_that_ended_is_shown_for_a_short_while_and_is_not_called_late() -> None:
    board = Board("b")
    board.hear(heard(0.0, 6))

    assert board.forget(14.0) == []
    assert (row(board, 14.0).has_ended, row(board, 14.0).is_old) == (True, False)
    assert board.forget(16.0) == ["ws.1"]


def test_queues_have_a_growth_over_the_last_seconds() -> None:
    board = Board("b")
    for at, ready in ((0.0, 5), (4.0, 25), (8.0, 20)):
        board.see_queues({"q": Depth(ready, 1, 0)}, at)

    (found,) = board.view(8.0).queues
    assert (found.ready, found.delayed, found.growth) == (20, 1, 15)
    board.see_queues({"q": Depth(20, 1, 0)}, 30.0)
    assert board.view(30.0).queues[0].growth == 0


def test_the_queues_that_instances_take_from_are_known() -> None:
    board = Board("b")
    board.hear(heard(0.0, host="ws.1", **ours(0, queues=["b", "a"])))
    board.hear(heard(0.0, host="ws.2", **ours(0, queues=["a"])))
    board.hear(heard(0.0, host="ws.3"))

    assert board.queues == ["a", "b"]
