"""Requests that come again: after which time, as which message."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recado.clients.dispatch import request_message, submit
from recado.envelope import Envelope
from recado.errors import SchemaError
from recado.ids import new_id
from recado.message import ADOPTED, ATTEMPT, HISTORY, ID, RECIPE, RUN, Message, encode
from recado.runtime.report import sent_within
from recado.schemas.dispatch import (
    DISPATCHER_QUEUE,
    REQUEST,
    START_AT,
    WAITS,
    RequestHeaders,
)
from recado.starting import read_request
from recado.testing import Harness
from recado_dispatcher.waiting import NotYet, Waits, again, check_due

NOW = 1_000_000.0
NOT_READY = NotYet("not_ready", "not there", parameters={"dispatcher_expiration": 7.0})


def wrapped(**parameters: Any) -> Message:
    """Return a request that a step of the run "parent" makes."""
    envelope: dict[str, Any] = {
        "recipe": {"start": [[1, {}]], "1": {"queue": DISPATCHER_QUEUE}},
        "recipe-pointer": 1,
        "environment": {"ID": "parent"},
        "payload": {"recipes": ["named"], "parameters": parameters},
    }
    return Message(encode(envelope), {ID: new_id(), RECIPE: "true", RUN: "parent"})


def waits(message: Message, reason: NotYet, times: int) -> list[float]:
    found: list[float] = []
    for _ in range(times):
        copy = again(message, read_request(message), reason, NOW)
        found.append(round(copy.delay_s, 1))
        message = copy.message
    return found


def test_a_request_comes_again_after_a_time_that_grows_up_to_ten_seconds() -> None:
    message = request_message(["named"])

    assert waits(message, NOT_READY, 6) == [2.0, 3.0, 4.5, 6.8, 10.0, 10.0]
    assert waits(message, NotYet("no_store", ""), 8)[-1] == 30.0


def test_a_request_that_waits_for_something_else_begins_anew() -> None:
    message = request_message(["named"])
    first = again(message, read_request(message), NOT_READY, NOW).message

    assert waits(first, NotYet("limit", ""), 1) == [2.0]


@pytest.mark.parametrize("said", ["", "x limit", "-1 limit", "9" * 50, "²"])
def test_a_count_that_cannot_be_read_begins_anew(said: str) -> None:
    assert Waits.read({WAITS: said}) == Waits()


def test_the_copy_is_the_same_message_with_what_it_has_to_remember() -> None:
    message = request_message(["named"], parameters={"x": 1}, priority=7)
    came = Message(
        message.body,
        {**message.headers, "site": "lab", ATTEMPT: "3", HISTORY: "[]", ADOPTED: "1"},
    )

    copy = again(came, read_request(came), NotYet("limit", ""), NOW)

    assert copy.queue == DISPATCHER_QUEUE
    assert copy.priority == 7
    assert copy.message.body == came.body
    assert copy.message.headers == {
        **message.headers,
        "site": "lab",
        WAITS: "1 limit",
        REQUEST: message.id,
    }


def test_what_zocalo_keeps_in_the_parameters_is_kept_there() -> None:
    message = request_message(["named"], parameters={"x": 1})

    copy = again(message, read_request(message), NOT_READY, NOW).message

    assert read_request(copy).parameters == {"x": 1, "dispatcher_expiration": 7.0}
    assert read_request(copy).run == read_request(message).run


def test_the_copy_of_what_a_step_asks_for_is_one_more_message_of_its_run() -> None:
    message = wrapped(x=1)

    first = again(message, read_request(message), NOT_READY, NOW)
    second = again(first.message, read_request(first.message), NOT_READY, NOW)

    assert sent_within("parent", [first])[0] == 1
    assert len({message.id, first.message.id, second.message.id}) == 3
    ids = {read_request(x.message).id for x in (first, second)}
    assert ids == {message.id}
    envelope = Envelope.read(second.message)
    assert envelope.payload["parameters"] == {"x": 1, "dispatcher_expiration": 7.0}
    assert envelope.run == "parent"


@pytest.mark.parametrize("ahead_s", [-1.0, 0.0])
def test_what_is_due_passes(ahead_s: float) -> None:
    check_due(RequestHeaders.model_validate({START_AT: str(NOW + ahead_s)}), NOW)


def test_what_is_to_start_later_waits_a_day_at_most() -> None:
    said = RequestHeaders.model_validate({START_AT: str(NOW + 100_000)})

    with pytest.raises(NotYet) as caught:
        check_due(said, NOW)

    assert caught.value.until == NOW + 100_000
    assert Waits().wait_s(caught.value, NOW) == 86_400
    assert Waits().wait_s(caught.value, NOW + 86_400) == 13_600


def test_what_is_to_start_in_more_than_a_year_is_refused() -> None:
    said = RequestHeaders.model_validate({START_AT: "1e12"})

    with pytest.raises(SchemaError, match="more than 366 days ahead"):
        check_due(said, NOW)


async def test_a_run_starts_at_its_time_and_says_so_before(
    at_work: Callable[..., Harness],
) -> None:
    async with at_work() as h:
        start_at = h.clock() + 60
        asked = request_message(["named"], start_at=start_at, user="maria")
        await submit(h.transport, asked)
        await h.settle()
        (waiting,) = h.events
        await h.advance(59)
        before = h.messages("first")
        await h.advance(1)

        assert waiting.type == "run.waiting"
        assert waiting.stream == f"run-{read_request(asked).run}"
        assert waiting.data["why"] == "scheduled"
        assert (waiting.data["until"], waiting.data["user"]) == (start_at, "maria")
        assert before == []
        assert len(h.messages("first")) == 1
        assert [event.type for event in h.events] == [
            "run.waiting",
            "run.started",
            "run.requested",
            "recipe.stored",
        ]


@pytest.mark.parametrize("said", ["soon", "nan", "inf", "-1", "1e300", ""])
async def test_a_time_that_is_none_is_a_dead_letter(
    at_work: Callable[..., Harness], said: str
) -> None:
    async with at_work() as h:
        await h.publish(
            DISPATCHER_QUEUE, {"recipes": ["named"]}, headers={START_AT: said}
        )
        await h.settle()

        (dead,) = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("schema", 1)
        assert START_AT in dead.text
