"""Nothing that a message holds stops the dispatcher, or keeps another one waiting."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recado.clients.dispatch import request_message
from recado.envelope import Envelope
from recado.message import (
    HISTORY,
    ID,
    PARENT,
    RECIPE,
    RETRIES,
    RUN,
    TYPE,
    Message,
    encode,
)
from recado.message import Outgoing as Out
from recado.schemas.dispatch import (
    DISPATCHER_QUEUE,
    HOST,
    IDEMPOTENCY_KEY,
    PRIORITY,
    REQUEST,
    START_AT,
    USER,
    WAITS,
)
from recado.testing import Harness
from recado.transport.base import Topology
from tests.unit.dispatcher.test_preparing import REQUEST as REQUEST_BODIES

HEADERS = (
    *(HISTORY, ID, PARENT, RECIPE, RETRIES, RUN, TYPE, HOST, IDEMPOTENCY_KEY),
    *(PRIORITY, REQUEST, START_AT, USER, WAITS),
)
# Half a surrogate pair has no place in a header: no transport can carry it.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
VALUES = TEXT | st.sampled_from(
    ["true", "1", "-1", "nan", "1e400", "9" * 400, "4 limit"]
)


def wrapped(payload: Any, rest: dict[str, Any]) -> bytes:
    """Return the envelope of a step's request, with anything in it."""
    envelope: dict[str, Any] = {
        "recipe": {"1": {}},
        "recipe-pointer": 1,
        "environment": {"ID": "parent"},
        "payload": payload,
    }
    return encode(envelope | rest)


BODIES = (
    REQUEST_BODIES.map(encode)
    | st.binary(max_size=40)
    | st.builds(
        wrapped,
        REQUEST_BODIES,
        st.dictionaries(
            st.sampled_from(["recipe", "recipe-pointer", "environment", "recipe-path"]),
            REQUEST_BODIES,
            max_size=2,
        ),
    )
)
MESSAGES = st.builds(
    Message, BODIES, st.dictionaries(st.sampled_from(HEADERS), VALUES, max_size=6)
)


@settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(messages=st.lists(MESSAGES, min_size=10, max_size=25))
def test_every_message_comes_to_one_end_and_the_next_is_started(
    at_work: Callable[..., Harness], messages: list[Message]
) -> None:
    async def feed() -> None:
        async with at_work() as h:
            sent = [Out(DISPATCHER_QUEUE, message) for message in messages]
            await h.transport.publish(sent)
            good = request_message(["named"])
            await h.transport.publish([Out(DISPATCHER_QUEUE, good)])
            await h.settle()
            depth = await h.transport.depth(DISPATCHER_QUEUE)

            assert len(h.messages("first")) >= 1
            started = [x for x in h.events if x.type == "run.started"]
            assert good.id in {event.data["request"] for event in started}
            assert depth.total == depth.delayed
            retried = depth.delayed
            assert len(started) + len(h.dead) + retried == len(messages) + 1

    asyncio.run(feed())


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"recipes": ["nmaed"]}, "did you mean 'named'"),
    "cyclic": (
        {
            "custom_recipe": {
                "start": [[1, 0]],
                "1": {"queue": "first", "output": 2},
                "2": {"queue": "first", "output": 1},
            }
        },
        "closes the cycle",
    ),
    "placeholder": (
        {"custom_recipe": {"start": [[1, 0]], "1": {"queue": "step.{where}"}}},
        "no parameter 'where'",
    ),
    "traversal": ({"recipes": ["../recipes/named"]}, "a name has"),
    "nothing": ({}, "no recipe at all"),
    "attribute": (
        {
            "custom_recipe": {
                "start": [[1, 0]],
                "1": {"queue": "first", "x": "{x.__class__}"},
            },
            "parameters": {"x": 1},
        },
        "asks for an attribute",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_what_is_wrong_for_good_is_delivered_once_and_is_one_dead_letter(
    at_work: Callable[..., Harness], case: str
) -> None:
    body, says = REFUSED[case]
    async with at_work() as h:
        await h.publish(DISPATCHER_QUEUE, body)
        await h.advance(60)

        (dead,) = h.dead
        assert dead.letter is not None
        assert dead.letter.attempts == 1
        assert dead.letter.service == "dispatcher"
        assert says in dead.text
        assert json.loads(dead.message.body) == body
        assert h.messages("first") == []


async def test_a_run_whose_first_queue_nobody_declares_is_not_lost(
    at_work: Callable[..., Harness],
) -> None:
    recipe = {"start": [[1, 0], [2, 0]], "1": {"queue": "first"}, "2": {"queue": "no"}}
    async with at_work() as h:
        await h.publish(DISPATCHER_QUEUE, {"custom_recipe": recipe})
        await h.advance(100)

        (dead,) = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("unroutable", 5)
        assert h.messages("first") == []
        (refused,) = h.events
        assert refused.type == "run.refused"
        assert "'no'" in refused.data["text"]


async def test_where_an_exchange_decides_no_queue_is_looked_for(
    at_work: Callable[..., Harness], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = {"queue": "a routing key", "exchange": "theirs"}
    recipe = {"start": [[1, 0], [2, 0]], "1": first, "2": {"queue": "first"}}
    looked_for: list[str] = []
    async with at_work() as h:
        declare = h.transport.declare

        async def look(queues: Sequence[str], mode: Topology = "declare") -> None:
            looked_for.extend(queues)
            await declare(queues, mode)

        monkeypatch.setattr(h.transport, "declare", look)
        await h.publish(DISPATCHER_QUEUE, {"custom_recipe": recipe})
        await h.advance(100)

        assert looked_for == ["first"]


async def test_a_custom_and_a_named_recipe_start_together(
    at_work: Callable[..., Harness], folder: Path
) -> None:
    custom: dict[str, Any] = {
        "start": [[1, []]],
        "1": {"queue": "first", "eat": "{food}"},
    }
    (folder / "other.json").write_text('{"start": [[1, 2]], "1": {"queue": "{queue}"}}')
    async with at_work() as h:
        body = {
            "custom_recipe": custom,
            "recipes": ["other"],
            "parameters": {"food": "spam", "queue": "errors"},
        }
        await h.publish(DISPATCHER_QUEUE, body)
        await h.settle()

        queues = ("first", "errors")
        first, second = [Envelope.read(h.messages(queue)[0]) for queue in queues]
        assert (first.pointer, first.path, first.step["eat"]) == (1, [], "spam")
        assert (second.pointer, second.payload) == (2, 2)
        assert first.recipe == second.recipe
        assert first.run == second.run


async def test_a_requests_priority_is_that_of_every_step_that_names_none(
    at_work: Callable[..., Harness],
) -> None:
    recipe = {
        "start": [[1, 0], [2, 0]],
        "1": {"queue": "first"},
        "2": {"queue": "errors", "priority": 1},
    }
    async with at_work() as h:
        request = request_message(custom=recipe, priority=8)
        await h.transport.publish([Out(DISPATCHER_QUEUE, request)])
        await h.settle()

        queues = ("first", "errors")
        (first,), (second,) = [await h.transport.browse(queue) for queue in queues]
        assert (first.priority, second.priority) == (8, 1)
        assert Envelope.read(first.message).recipe["1"]["priority"] == 8
