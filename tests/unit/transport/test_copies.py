"""The copies that a network broker keeps in a message's stead."""

from __future__ import annotations

import json
from typing import cast

import pytest

from recado.message import Message
from recado.transport import copies
from recado.transport.base import Delivery, Settlement, Transport, Verdict


def delivery(attempt: int = 1, **headers: str) -> Delivery:
    message = Message(b"{}", {"recado-id": "a", **headers})
    return Delivery(message, "work", attempt, cast("Transport", None), None)


def test_a_message_comes_as_the_first_delivery_and_unsuspected() -> None:
    assert copies.received({"x": "y"}) == ({"x": "y"}, 1, False)


def test_what_a_copy_carries_is_taken_off_again() -> None:
    sent = copies.released(delivery(3, x="y"), suspect=True)

    assert copies.received(sent) == ({"recado-id": "a", "x": "y"}, 3, True)


def test_a_first_attempt_that_is_put_back_is_as_it_was() -> None:
    assert copies.released(delivery(), suspect=False) == {"recado-id": "a"}


@pytest.mark.parametrize("number", ["", "-3", "0", "1.5", "³", "9" * 5_000])
def test_a_number_that_is_none_is_the_first(number: str) -> None:
    assert copies.received({"recado-attempt": number})[1] == 1


def test_a_retry_is_the_next_attempt_and_nobody_suspects_it() -> None:
    settlement = Settlement(delivery(2), Verdict.RETRY, headers={"h": "1"})

    assert copies.received(copies.retried(settlement)) == (
        {"recado-id": "a", "h": "1"},
        3,
        False,
    )


def test_a_dead_letter_begins_anew() -> None:
    settlement = Settlement(delivery(5), Verdict.DEAD, headers={"h": "1"})

    assert copies.received(copies.dead(settlement))[1:] == (1, False)


def test_a_condemned_message_says_how_often_it_was_delivered() -> None:
    headers = copies.condemned(delivery(21, **{"recado-run": "r"}), now=5.0)

    letter = json.loads(headers["recado-letter"])
    assert (letter["reason"], letter["attempts"], letter["run"]) == ("ceiling", 20, "r")


def test_an_adopted_message_keeps_its_headers_and_says_that_it_was() -> None:
    headers = copies.adopted({"x": "y"})

    assert headers["x"] == "y"
    assert headers["recado-id"]
    assert headers["recado-adopted"] == "true"
