"""What a message tells as it comes is taken for what it is, whoever sent it."""

from __future__ import annotations

from typing import Any

import pytest

from recado.transport.rabbitmq.received import Received, priority, read

OWN = {"recado-id": "m"}


def came(redelivered: bool = False, queue: str = "work", **headers: Any) -> Received:
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return read({**OWN, **told}, queue, redelivered=redelivered)


def test_a_first_delivery_is_the_first_attempt_of_nobody_suspected() -> None:
    told = came(x_mine="kept")

    assert (told.attempt, told.is_suspect, told.is_due_for_copy) == (1, False, False)
    assert told.headers == {**OWN, "x-mine": "kept"}


@pytest.mark.parametrize(
    ("counts", "attempt"),
    [
        ({"x_delivery_count": 1}, 2),
        ({"x_delivery_count": 2, "recado_attempt": "5"}, 7),
        ({"x_delivery_count": 1, "x_acquired_count": 2}, 3),
        ({"x_delivery_count": 0, "x_acquired_count": 1}, 2),
    ],
)
def test_crashes_that_the_broker_counted_are_added(
    counts: dict[str, Any], attempt: int
) -> None:
    told = came(redelivered=True, **counts)

    assert (told.attempt, told.is_suspect, told.is_due_for_copy) == (
        attempt,
        True,
        False,
    )
    assert told.headers == OWN


def test_a_broker_that_does_not_count_has_its_message_replaced() -> None:
    told = came(redelivered=True)

    assert (told.attempt, told.is_suspect, told.is_due_for_copy) == (2, True, True)


def test_a_message_is_replaced_long_before_the_broker_gives_it_up() -> None:
    assert came(redelivered=True, x_delivery_count=3).is_due_for_copy


def test_a_count_of_nothing_is_no_crash() -> None:
    told = came(x_delivery_count=0)

    assert (told.attempt, told.is_suspect, told.is_due_for_copy) == (1, False, False)


@pytest.mark.parametrize("count", [True, "2", -1, None, 1.5])
def test_a_count_that_is_none_is_no_crash(count: object) -> None:
    assert came(x_delivery_count=count).attempt == 1


def test_a_foreign_message_keeps_its_headers_as_texts() -> None:
    told = read({"workflows-recipe": True, "n": 3}, "work", redelivered=False)

    assert told.is_foreign
    assert told.headers == {"workflows-recipe": "True", "n": "3"}


@pytest.mark.parametrize(
    ("expires", "is_late"), [("99.9", True), ("100.1", False), ("soon", False)]
)
def test_a_message_is_late_when_its_time_is_over(expires: str, is_late: bool) -> None:
    told = came(recado_expires=expires)

    assert told.is_late(100.0) is is_late
    assert "recado-expires" not in told.headers


def test_a_priority_is_within_our_bounds() -> None:
    assert [priority(it) for it in (None, 0, 9, 200)] == [4, 0, 9, 9]
