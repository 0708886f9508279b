"""A step sends where its recipe says, as Zocalo's wrapper does, and loses nothing that way.

The recipe is that of python-workflows' own cases: a named output for each form of link.
"""

from __future__ import annotations

from typing import Any

import pytest

from recado.envelope import Envelope
from recado.errors import RecipeError, SchemaError
from recado.ids import checksum
from recado.message import (
    ADOPTED,
    HIGHEST,
    ID,
    LOWEST,
    NORMAL,
    PARENT,
    RECIPE,
    RUN,
    Message,
    Outgoing,
    encode,
)
from recado.outbox import Outbox
from recado.step import Step

CAUSE = "0b9e3a5c-1f64-5d0e-9d4a-0b9e3a5c1f64"
RECIPE_: dict[str, Any] = {
    "1": {
        "queue": "first",
        "output": {"somewhere": [2], "multi": [2, 3, 4], "exchange": [5], "a-topic": 3},
    },
    "2": {"queue": "plain", "output": [3]},
    "3": {"topic": "told", "transport-delay": 300},
    "4": {"queue": "late", "transport-delay": 300},
    "5": {"queue": "through", "exchange": "foo"},
    "start": [[1, {"first": True}]],
}


def step(
    pointer: object = 1,
    path: list[int] | None = None,
    changed: dict[str, Any] | None = None,
) -> Step:
    """Return a step of the recipe, as if its message had come over the wire."""
    body = {
        "recipe": RECIPE_ | (changed or {}),
        "recipe-pointer": pointer,
        "recipe-path": path or [],
        "environment": {"ID": "run"},
        "payload": None,
    }
    message = Message(encode(body), {RECIPE: "true", ID: CAUSE, RUN: "run"})
    return Step(message, Envelope.read(message))


def places(outbox: Outbox) -> list[tuple[str, str, float]]:
    """Return where an outbox sends to, by queue or topic, and after how long."""
    kinds = {False: "queue", True: "topic"}
    return [(kinds[it.is_topic], it.queue, it.delay_s) for it in outbox.outgoing]


def read(outgoing: Outgoing) -> Envelope:
    return Envelope.read(outgoing.message)


def test_to_an_output_that_is_not_there_nothing_is_sent_and_that_is_remarked() -> None:
    sending = step()

    sending.send_to("somwhere", "x")
    sending.send_to("somwhere", "y")

    assert sending.outgoing == []
    (remark,) = sending.remarks
    assert "no output 'somwhere'; did you mean 'somewhere'?" in remark


def test_a_step_without_any_output_wants_nothing_and_nothing_is_remarked() -> None:
    last = step(4)

    last.send("x")
    last.send_to("errors", "x")

    assert (last.outgoing, last.remarks) == ([], [])


def test_an_output_that_is_empty_is_known() -> None:
    sending = step(changed={"1": {"queue": "first", "output": {"errors": []}}})

    sending.send_to("errors", "x")

    assert (sending.outgoing, sending.remarks) == ([], [])


def test_a_named_output_with_one_step_gets_one_message() -> None:
    sending = step()

    sending.send_to("somewhere", {"n": 1})

    (sent,) = sending.outgoing
    assert (sent.queue, sent.message.headers[RECIPE]) == ("plain", "true")
    assert sent.message.headers[PARENT] == CAUSE
    envelope = read(sent)
    assert (envelope.pointer, envelope.path) == (2, [1])
    assert (envelope.payload, envelope.environment) == ({"n": 1}, {"ID": "run"})


def test_a_named_output_with_many_steps_sends_to_each_with_its_own_delay() -> None:
    sending = step()

    sending.send_to("multi", "x")

    assert places(sending) == [
        ("queue", "plain", 0.0),
        ("topic", "told", 300.0),
        ("queue", "late", 300.0),
    ]
    queues = [it.message.id for it in sending.outgoing if not it.is_topic]
    assert sending.children == 2
    assert sending.checksum == checksum(queues[0]) ^ checksum(queues[1])


def test_a_link_may_be_a_number_alone() -> None:
    sending = step()

    sending.send_to("a-topic", "x")

    assert places(sending) == [("topic", "told", 300.0)]


def test_without_a_default_channel_named_outputs_get_nothing_from_send() -> None:
    sending = step()

    sending.send("x")

    assert sending.outgoing == []
    assert "no unnamed output" in sending.remarks[0]


def test_with_a_default_channel_send_goes_to_the_output_of_that_name() -> None:
    sending = step()
    sending.send("lost")

    sending.set_default_channel("somewhere")
    sending.send("x")
    sending.send_to("somewhere", "y")

    assert [it.queue for it in sending.outgoing] == ["plain", "plain"]
    assert [read(it).payload for it in sending.outgoing] == ["x", "y"]


def test_an_unnamed_output_is_reached_by_name_only_as_the_default_channel() -> None:
    sending = step(2, [1])

    sending.send_to("output", "lost")
    sending.send("x")
    sending.set_default_channel("output")
    sending.send_to("output", "y")
    sending.send_to("others", "lost")

    assert places(sending) == [("topic", "told", 300.0)] * 2
    assert [read(it).payload for it in sending.outgoing] == ["x", "y"]
    assert [read(it).path for it in sending.outgoing] == [[1, 2], [1, 2]]
    assert len(sending.remarks) == 2


def test_a_step_with_an_exchange_is_reached_through_it() -> None:
    sending = step()

    sending.send_to("exchange", "x")
    sending.send_to("exchange", "late", delay_s=1.0)

    assert [(it.queue, it.exchange) for it in sending.outgoing] == [
        ("through", "foo")
    ] * 2


def test_a_delay_of_the_sender_beats_the_steps_own() -> None:
    sending = step()

    sending.send_to("a-topic", "x", delay_s=0.0)
    sending.send_to("a-topic", "x", delay_s=7.5)

    assert [it.delay_s for it in sending.outgoing] == [0.0, 7.5]


def test_a_checkpoint_comes_back_to_its_step_at_once_and_the_path_stays() -> None:
    at_topic, at_queue = step(3, [1]), step(4, [1])

    at_topic.checkpoint("x")
    at_topic.checkpoint("x", delay_s=150)
    at_queue.checkpoint("x", priority=HIGHEST)

    assert places(at_topic) == [("topic", "told", 0.0), ("topic", "told", 150)]
    assert places(at_queue) == [("queue", "late", 0.0)]
    (back,) = at_queue.outgoing
    assert (read(back).pointer, read(back).path) == (4, [1])
    assert (back.priority, at_queue.children) == (HIGHEST, 1)


def test_a_pointer_may_be_a_text() -> None:
    sending = step("1")

    sending.send_to("somewhere", "x")

    assert (sending.id, read(sending.outgoing[0]).path) == (1, [1])


def test_a_run_is_started_with_the_payloads_of_its_start_and_no_path() -> None:
    outbox = Outbox(CAUSE)
    envelope = Envelope(RECIPE_, 1, [], {"ID": "run"})

    for pointer, payload in RECIPE_["start"]:
        outbox.send_step(envelope, pointer, [], payload)

    (first,) = outbox.outgoing
    assert (first.queue, read(first).pointer, read(first).path) == ("first", 1, [])
    assert read(first).payload == {"first": True}


def test_a_step_with_queue_and_topic_is_sent_both_and_counted_once() -> None:
    sending = step(changed={"2": {"queue": "plain", "topic": "told"}})

    sending.send_to("somewhere", "x")

    assert [it[:2] for it in places(sending)] == [("queue", "plain"), ("topic", "told")]
    assert len({it.message.id for it in sending.outgoing}) == 1
    assert sending.children == 1


def test_a_step_with_nowhere_to_send_to_loses_no_message() -> None:
    sending = step(changed={"2": {"service": "forgotten"}})

    with pytest.raises(RecipeError, match="2: no queue and no topic"):
        sending.send_to("somewhere", "x")


@pytest.mark.parametrize(
    "body",
    [{}, {"recipe": {}}, {"recipe-pointer": 1}],
    ids=["neither", "no pointer", "no recipe"],
)
def test_without_a_recipe_and_a_step_there_is_nothing_to_send_from(
    body: dict[str, Any],
) -> None:
    with pytest.raises(SchemaError, match="recipe"):
        Envelope.read(Message(encode(body), {}))


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (0, LOWEST),
        (9, HIGHEST),
        (None, NORMAL),
        ("high", NORMAL),
        (10, NORMAL),
        (True, NORMAL),
        ({}, NORMAL),
    ],
)
def test_a_steps_priority_is_its_messages_if_it_can_be_one(
    said: object, expected: int
) -> None:
    sending = step(changed={"2": {"queue": "plain", "priority": said}})

    sending.send_to("somewhere", "x")
    sending.send_to("somewhere", "x", priority=3)

    assert [it.priority for it in sending.outgoing] == [expected, 3]


@pytest.mark.parametrize("said", ["no", 0, None, [], "true"])
def test_only_false_says_that_a_step_does_not_report(said: object) -> None:
    sending = step(changed={"2": {"queue": "plain", "reports": said}})

    sending.send_to("somewhere", "x")

    assert sending.children == 1
    assert ADOPTED not in sending.outgoing[0].message.headers


def test_what_nobody_reports_on_is_not_counted_by_who_sends_it() -> None:
    sending = step(changed={"2": {"queue": "plain", "reports": False}})

    sending.send_to("multi", "x")

    plain, _, late = sending.outgoing
    assert (sending.children, sending.checksum) == (1, checksum(late.message.id))
    assert plain.message.headers[ADOPTED] == "true"
    assert ADOPTED not in late.message.headers
