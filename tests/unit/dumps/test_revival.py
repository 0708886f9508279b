"""What a message carries on its way back."""

from __future__ import annotations

import pytest

from recado.message import ADOPTED, ID, LETTER, RETRIES, RUN
from recado.revival import moved, restored, retries_of, revived


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("", 0), ("-1", 0), ("²", 0), ("x", 0), ("9" * 30, 0)],
)
def test_the_number_of_retries_is_zero_unless_the_header_says_one(
    text: str, number: int
) -> None:
    assert retries_of({RETRIES: text}) == number


def test_a_message_that_is_moved_keeps_all_but_what_brokers_wrote() -> None:
    own = {ID: "i", RUN: "r", LETTER: "{}", RETRIES: "1", "text": "x"}
    brokers = {"x-death": "[]", "X-Delivery-Count": "1", "timestamp": "1"}

    assert moved(own | brokers) == own


def test_a_message_that_had_no_id_gets_one_and_one_that_had_keeps_it() -> None:
    assert revived({}, "new") == {ID: "new", RETRIES: "1"}
    assert revived({ID: "own"}, "new")[ID] == "own"


def test_what_nobody_counted_says_so_when_it_is_sent_again() -> None:
    assert restored({LETTER: "{}"}, "new") == {ID: "new", ADOPTED: "true"}
    assert restored({ID: "own", RETRIES: "1"}, "new") == {ID: "own", RETRIES: "1"}
