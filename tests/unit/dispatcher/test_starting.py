"""What leaves when a run starts."""

from __future__ import annotations

from typing import Any

import pytest

from recado.clients.dispatch import request_message
from recado.envelope import Envelope
from recado.ids import checksum, new_id
from recado.message import ID, RECIPE, RUN, Message, encode
from recado.outbox import Outbox
from recado.recipe import RecipeFolder
from recado.runtime.report import sent_within
from recado.starting import prepare, read_request, start

RECIPE_OF_THREE: dict[str, Any] = {
    "start": [[1, {"n": 1}], [2, "two"], [3, None]],
    "1": {"queue": "one", "output": 3},
    "2": {"queue": "two", "transport-delay": 1.5},
    "3": {"topic": "three"},
}


@pytest.fixture
def request_() -> Message:
    return request_message(
        custom=RECIPE_OF_THREE, parameters={"x": 1}, user="maria", host="lab"
    )


def _started(message: Message) -> Outbox:
    outbox = Outbox(message.id, clock=lambda: 1000.0)
    start(prepare(message, RecipeFolder("none")), read_request(message), outbox)
    return outbox


def test_every_start_step_gets_its_message(request_: Message) -> None:
    outbox = _started(request_)

    sent = [(out.queue, out.is_topic, out.delay_s) for out in outbox.outgoing]
    assert sent == [("one", False, 0), ("two", False, 1.5), ("three", True, 0)]
    first = Envelope.read(outbox.outgoing[0].message)
    run = prepare(request_, RecipeFolder("none")).run
    assert (first.pointer, first.path, first.payload) == (1, [], {"n": 1})
    assert first.environment == {"ID": run}
    assert first.recipe["1"] == {"queue": "one", "output": [3]}
    assert outbox.outgoing[0].message.headers[RUN] == run


def test_the_start_is_told_with_everything_that_was_sent(request_: Message) -> None:
    outbox = _started(request_)

    run = prepare(request_, RecipeFolder("none")).run
    (event,) = outbox.events
    sums = [checksum(out.message.id) for out in outbox.outgoing if not out.is_topic]
    assert (event.stream, event.type, event.at) == (f"run-{run}", "run.started", 1000)
    assert event.data == {
        "recipes": [],
        "custom": True,
        "parameters": {"x": 1, "guid": run},
        "request": request_.id,
        "children": 2,
        "checksum": format(sums[0] ^ sums[1], "016x"),
        "user": "maria",
        "host": "lab",
    }


def test_a_request_handled_twice_sends_and_tells_the_same(request_: Message) -> None:
    first, second = _started(request_), _started(request_)

    assert first.outgoing == second.outgoing
    assert first.events == second.events


def test_two_requests_for_one_guid_are_both_counted() -> None:
    asked: dict[str, Any] = {"custom": RECIPE_OF_THREE, "parameters": {"guid": "r"}}

    first = _started(request_message(**asked))
    second = _started(request_message(**asked))

    assert first.events[0].stream == second.events[0].stream == "run-r"
    assert first.events[0].id != second.events[0].id


def _wrapped(parameters: dict[str, Any]) -> Message:
    envelope: dict[str, Any] = {
        "recipe": {"start": [[1, {}]], "1": {"queue": "processing_recipe"}},
        "recipe-pointer": 1,
        "environment": {"ID": "parent"},
        "payload": {"custom_recipe": RECIPE_OF_THREE, "parameters": parameters},
    }
    headers = {ID: new_id(), RECIPE: "true", RUN: "parent"}
    return Message(encode(envelope), headers)


def test_a_run_started_by_a_step_names_its_parent() -> None:
    outbox = _started(_wrapped({}))

    assert outbox.events[0].stream != "run-parent"
    assert outbox.events[0].data["children"] == 2
    assert outbox.events[0].data["parent"] == "parent"


def test_what_a_step_starts_in_its_own_run_is_counted_once() -> None:
    outbox = _started(_wrapped({"guid": "parent"}))

    # The report that the request was handled counts them.
    assert sent_within("parent", outbox.outgoing)[0] == 2
    assert outbox.events[0].stream == "run-parent"
    assert outbox.events[0].data["children"] == 0
    assert outbox.events[0].data["checksum"] == "0" * 16
