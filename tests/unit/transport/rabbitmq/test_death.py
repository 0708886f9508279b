"""What RabbitMQ writes on messages is seen on dead letters, and sent to nobody."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recado.transport.rabbitmq.death import seen, sendable


def death(queue: str, reason: str) -> dict[str, Any]:
    return {"queue": queue, "reason": reason, "exchange": "", "count": 1}


WAITED = death("recado.delay.3", "expired")
REJECTED = death("work", "rejected")
LIMITED = death("later", "delivery_limit")
FIRST = {
    "x-first-death-queue": "recado.delay.3",
    "x-first-death-reason": "expired",
    "x-first-death-exchange": "recado.delay.3",
}


def test_who_handles_a_message_sees_nothing_of_its_deaths() -> None:
    headers = {"mine": "1", "x-death": [WAITED], "x-delivery-count": 1, **FIRST}

    assert seen(headers, "work") == {"mine": "1"}


def test_a_dead_letter_tells_of_its_deaths_but_not_of_its_delays() -> None:
    headers = {"mine": "1", "x-death": [LIMITED, REJECTED, WAITED], **FIRST}

    told = seen(headers, "dlq")

    assert json.loads(told["x-death"]) == [LIMITED, REJECTED]
    assert told["x-first-death-queue"] == "work"
    assert told["x-first-death-reason"] == "rejected"
    assert told["x-last-death-queue"] == "later"
    assert told["x-last-death-reason"] == "delivery_limit"


def test_no_message_is_sent_with_what_the_broker_would_add_to() -> None:
    headers = {"mine": "1", "x-death": "[]", "x-delivery-count": "2", **FIRST}

    assert sendable(headers, "work") == {"mine": "1"}


@pytest.mark.parametrize("queue", ["dlq", "dlq.work"])
def test_a_dead_letter_keeps_its_deaths_on_its_way_among_dead_letters(
    queue: str,
) -> None:
    told = seen({"x-death": [REJECTED]}, queue)

    sent = sendable(told, queue)

    assert "x-death" in told
    assert "x-death" not in sent
    assert seen(sent, queue) == told


def test_other_headers_are_sent_as_they_are() -> None:
    headers = {"mine": "1", "x-unknown": "2"}

    assert sendable(headers, "work") is headers


def test_a_list_of_deaths_that_is_none_is_no_crash() -> None:
    for nonsense in (5, "text", {"a": 1}, [1, "b", None], None):
        assert "x-first-death-queue" not in seen({"x-death": nonsense}, "dlq")
