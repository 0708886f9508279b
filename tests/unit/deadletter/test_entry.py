"""What a dead letter's message tells."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.errors import Problem
from recado.letter import Failure, cleaned, history_header, letter_id
from recado.message import HISTORY, ID, LETTER, RECIPE, RETRIES, RUN, Message, encode
from recado.schemas.letters import LetterFilter, ListRequest
from recado_deadletter.database import Database
from recado_deadletter.entry import read_entry
from recado_deadletter.index import LetterIndex


def envelope(pointer: object = 1, run: str = "zocalo-run") -> bytes:
    return encode(
        {
            "recipe": {"1": {"queue": "foreign.step"}},
            "recipe-pointer": pointer,
            "recipe-path": [],
            "environment": {"ID": run},
            "payload": {},
        }
    )


def test_a_letter_tells_everything_about_the_death(
    make_dead: Callable[..., Message],
) -> None:
    problems = (Problem("payload.width", "is missing"),)
    failure = Failure(1, 99.0, "host.1", "ValueError: no")
    message = make_dead(
        reason="schema",
        exception="ValueError",
        traceback="Traceback …",
        instance="host.1",
        problems=problems,
        headers=history_header([], failure),
    )

    entry = read_entry(message, 500.0)

    assert entry.message == message.id
    assert (entry.reason, entry.queue, entry.attempts) == ("schema", "resize", 5)
    assert (entry.service, entry.instance, entry.step) == ("resize", "host.1", 2)
    assert (entry.run, entry.at) == ("run-1", 100.0)
    assert (entry.exception, entry.traceback) == ("ValueError", "Traceback …")
    assert entry.problems == problems
    assert entry.history == (failure,)
    assert entry.headers == message.headers


def test_a_message_without_a_letter_is_an_entry_of_unknown_reason() -> None:
    entry = read_entry(Message(b"\xff", {"x": "y"}), 7.0)

    assert entry.reason == "unknown"
    assert "came without a letter" in entry.text
    assert (entry.queue, entry.attempts, entry.at) == ("", 0, 7.0)


def test_two_messages_without_an_id_stay_two() -> None:
    message = Message(b"{}", {})

    first, second = read_entry(message, 0.0), read_entry(message, 0.0)

    assert first.message != second.message


@pytest.mark.parametrize(
    ("headers", "queue", "told"),
    [
        ({"x-first-death-queue": "a.b"}, "a.b", ""),
        ({"original-destination": "/queue/zocalo.x"}, "zocalo.x", ""),
        ({"x-first-death-reason": "delivery_limit"}, "", "delivery_limit"),
        ({"dlqDeliveryFailureCause": "too often"}, "", "too often"),
    ],
)
def test_what_the_broker_says_of_a_foreign_death_is_used(
    headers: dict[str, str], queue: str, told: str
) -> None:
    entry = read_entry(Message(b"", headers), 0.0)

    assert entry.queue == queue
    assert told in entry.text


def test_a_foreign_recipe_message_tells_its_queue_step_and_run() -> None:
    message = Message(envelope(), {RECIPE: "True", "x-first-death-queue": "ladder"})

    entry = read_entry(message, 0.0)

    assert (entry.queue, entry.step, entry.run) == ("foreign.step", 1, "zocalo-run")


@pytest.mark.parametrize("pointer", ["9" * 5000, 7, "x", None, True])
def test_an_envelope_that_cannot_be_read_tells_nothing(pointer: object) -> None:
    entry = read_entry(Message(envelope(pointer), {RECIPE: "true"}), 0.0)

    assert (entry.queue, entry.step, entry.run) == ("", None, "")


@pytest.mark.parametrize(
    "letter",
    ["no json", "[]", "{}", '{"reason": "tired"}', "null", "\ud800", '"' + "[" * 500],
)
def test_a_letter_that_cannot_be_read_is_indexed_with_that_reason(letter: str) -> None:
    entry = read_entry(Message(b"", {LETTER: letter, ID: "x"}), 3.0)

    assert entry.reason == "unknown"
    assert entry.text.startswith("its recado-letter header cannot be read: ")


def test_a_letter_from_no_time_at_all_is_from_now(
    make_dead: Callable[..., Message],
) -> None:
    message = make_dead(at=float("inf"))
    headers = {**message.headers}
    headers[LETTER] = headers[LETTER].replace('"inf"', "Infinity")

    assert read_entry(Message(b"", headers), 3.0).at == 3.0


def test_a_history_that_cannot_be_read_is_empty(
    make_dead: Callable[..., Message],
) -> None:
    assert read_entry(make_dead(headers={HISTORY: "no json"}), 0.0).history == ()


def test_a_letters_id_is_stable_and_differs_for_each_retry() -> None:
    assert letter_id("abc", 0, 12) == letter_id("abc", 0, 12)
    assert letter_id("abc", 0, 12) != letter_id("abc", 1, 12)
    assert letter_id("abc", 0, 32).startswith(letter_id("abc", 0, 12))


texts = st.text(st.characters(), max_size=20)  # lone surrogates included
broken = st.dictionaries(
    st.sampled_from([ID, RUN, RETRIES, LETTER, HISTORY, RECIPE, "x-first-death-queue"])
    | texts,
    texts
    | st.just("true")
    | st.recursive(st.none() | st.integers() | texts, st.lists).map(json.dumps),
)


@given(body=st.binary(max_size=50) | st.just(envelope()), headers=broken)
def test_whatever_a_message_holds_it_is_indexed_and_shown(
    body: bytes, headers: dict[str, str]
) -> None:
    database = Database(Path(":memory:"))
    index = LetterIndex(database)

    (id_,) = index.add([read_entry(Message(body, headers), 1.0)])

    shown = index.show(id_)
    assert base64.b64decode(shown.body) == body
    assert shown.headers == {cleaned(k): cleaned(v) for k, v in headers.items()}
    assert index.page(ListRequest(where=LetterFilter(state=None))).total == 1
    database.close()
