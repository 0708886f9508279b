"""The dispatcher at work: requests in, runs or dead letters out."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from recado.clients.dispatch import request_message, submit
from recado.config import Settings
from recado.envelope import Envelope
from recado.message import HIGHEST, ID, decode, encode
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.testing import Harness
from recado_dispatcher.service import Dispatcher


@pytest.fixture
async def h(tmp_path: Path) -> AsyncGenerator[Harness]:
    (tmp_path / "named.json").write_text(
        '{"start": [[1, {"n": 1}]], "1": {"queue": "{queue}"}}'
    )
    async with Harness(
        Dispatcher(), settings=Settings(recipes=tmp_path), queues=["first"]
    ) as harness:
        yield harness


async def test_a_request_becomes_a_run(h: Harness) -> None:
    request = request_message(
        ["named"], parameters={"queue": "first"}, user="maria", priority=HIGHEST
    )
    await submit(h.transport, request)
    await h.settle()

    (message,) = h.messages("first")
    event, requested, stored = h.events
    envelope = Envelope.read(message)
    assert (envelope.payload, envelope.path) == ({"n": 1}, [])
    assert event.stream == f"run-{envelope.run}"
    assert event.type == "run.started"
    assert (event.data["user"], event.data["children"]) == ("maria", 1)
    assert (requested.type, requested.stream) == ("run.requested", event.stream)
    assert requested.data["body"] == decode(request.body)
    assert requested.data["headers"]["zocalo.go.user"] == "maria"
    assert stored.stream == f"recipe-{requested.data['recipe']}"
    assert stored.data["recipe"] == envelope.recipe


async def test_a_request_of_zocalo_without_an_id_is_taken(h: Harness) -> None:
    body = {"recipes": ["named"], "parameters": {"queue": "first"}}
    head = {"zocalo.go.user": "maria", "zocalo.go.host": "lab", ID: ""}
    await h.publish(DISPATCHER_QUEUE, body, headers=head)
    await h.publish(DISPATCHER_QUEUE, body, headers=head)
    await h.settle()

    runs = {Envelope.read(message).run for message in h.messages("first")}
    started = [event for event in h.events if event.type == "run.started"]
    assert len(runs) == len(started) == 2
    assert started[0].data["host"] == "lab"


@pytest.mark.parametrize(
    "body",
    [
        b"nonsense",
        7,
        {},
        {"recipes": ["nobody"]},
        {"recipes": ["../named"]},
        {"recipes": ["named"]},
        {"recipes": ["named"], "parameters": [1]},
        {"custom_recipe": {"start": [[1, 0]], "1": {"queue": "a", "output": 1}}},
        {"custom_recipe": {"start": [[1, 0]], "1": {"queue": "a", "x": "{a.b}"}}},
        {"custom_recipe": {"start": [[1, 0]], "1": {"queue": "a", "x": "{"}}},
    ],
)
async def test_a_wrong_request_is_given_up_the_first_time(
    h: Harness, body: object
) -> None:
    await h.publish(DISPATCHER_QUEUE, body)
    await h.settle()

    (dead,) = h.dead
    assert dead.letter is not None
    assert (dead.reason, dead.letter.attempts) == ("schema", 1)
    assert dead.letter.problems
    assert [event.type for event in h.events if event.type != "run.refused"] == []


async def test_the_next_request_is_not_harmed_by_a_wrong_one(h: Harness) -> None:
    await h.publish(DISPATCHER_QUEUE, 7)
    await h.publish(
        DISPATCHER_QUEUE, {"recipes": ["named"], "parameters": {"queue": "first"}}
    )
    await h.settle()

    assert (len(h.dead), len(h.messages("first"))) == (1, 1)


async def test_a_run_to_a_queue_that_nobody_declared_starts_when_it_is_there(
    h: Harness,
) -> None:
    await submit(h.transport, request_message(["named"], parameters={"queue": "later"}))
    await h.settle()
    before = list(h.events)
    await h.transport.declare(["later"])
    await h.advance(10)

    assert before == []
    assert h.events[0].type == "run.started"
    assert len(h.messages("later")) == 1


async def test_a_changed_recipe_file_is_read_again(h: Harness, tmp_path: Path) -> None:
    asked: dict[str, Any] = {"recipes": ["named"], "parameters": {"queue": "first"}}
    await submit(h.transport, request_message(**asked))
    await h.settle()
    (tmp_path / "named.json").write_bytes(
        encode({"start": [[1, "new"]], "1": {"queue": "first"}})
    )
    await submit(h.transport, request_message(**asked))
    await h.settle()

    payloads = [Envelope.read(each).payload for each in h.messages("first")]
    assert payloads == [{"n": 1}, "new"]
