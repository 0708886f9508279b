"""Messages from anywhere: each ends itself in a clear way, and never the service."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from pydantic import BaseModel

from recado import Message, Outbox, Reject, RetryPolicy, Service, Step, answers, takes
from recado.errors import RemoteError, SchemaError
from recado.events import FAILED, HANDLED
from recado.ids import checksum
from recado.message import HISTORY, ID, RECIPE, RUN, Outgoing, encode
from recado.message import Message as Wire
from recado.outbox import HandledError
from recado.testing import DeadLetter, Harness

QUICK = RetryPolicy(attempts=5, first_s=0.1, jitter=0)


class Relay(Service):
    """Sends its payload on: to the output that the payload names, if it is a text."""

    queue = "relay"
    retry = QUICK

    async def handle(self, message: Message, step: Step) -> None:
        if isinstance(message.payload, str):
            await step.send_to(message.payload, 1)
        else:
            await step.send(message.payload)


class Failing(Service):
    """Raises for every message that it takes as it is."""

    retry = QUICK

    @takes("failing")
    async def take(self, message: Message, outbox: Outbox) -> None:
        raise ValueError("no")


def envelope(output: object, second: object = None, **fields: Any) -> bytes:
    """Return an envelope whose first step leads to a second one."""
    step = {"queue": "sent"} if second is None else second
    recipe: dict[str, Any] = {
        "1": {"queue": "relay", "output": output},
        "2": step,
        "start": [[1, {}]],
    }
    whole: dict[str, Any] = {
        "recipe": recipe,
        "recipe-pointer": 1,
        "environment": {"ID": "r"},
    }
    return encode(whole | {"payload": None} | fields)


async def publish(
    h: Harness, queue: str, body: bytes, headers: dict[str, str] | None = None
) -> None:
    head = {RECIPE: "true", ID: "0b9e3a5c-1f64-5d0e-9d4a-0b9e3a5c1f64", RUN: "r"}
    message = Wire(body, head | (headers or {}))
    await h.transport.publish([Outgoing(queue, message)])
    await h.settle()


async def only_dead(body: bytes, headers: dict[str, str] | None = None) -> DeadLetter:
    """Return the letter that a message to the relay becomes, at once."""
    async with Harness(Relay()) as h:
        await publish(h, "relay", body, headers)

        assert h.messages("sent") == []
        [letter] = h.dead
        return letter


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (9, "there is no step 9 (steps: 1, 2)"),
        ([2, 9], "there is no step 9 (steps: 1, 2)"),
        ([[2]], "output[0]: invalid link"),
        ("2", "output: invalid link '2': write the number 2"),
        (2.0, "output: invalid link 2.0"),
        (True, "output: invalid link true"),
        ("end", "output: invalid link 'end'"),
        ([{"a": 2}], "output[0]: invalid link"),
    ],
)
async def test_an_output_that_leads_nowhere_is_a_dead_letter_at_once(
    output: object, text: str
) -> None:
    dead = await only_dead(envelope(output))

    assert dead.letter is not None
    assert (dead.reason, dead.letter.attempts) == ("schema", 1)
    assert text in dead.text


@pytest.mark.parametrize(
    ("step", "text"),
    [
        ({"queue": 5}, "queue: must be a text, not 5"),
        ({"queue": ["a"]}, "queue: must be a text"),
        ({"topic": 7}, "topic: must be a text, not 7"),
        ({}, "no queue and no topic"),
        ({"exchange": "theirs"}, "no queue and no topic"),
        ({"queue": "sent", "transport-delay": -5}, "a delay is in seconds, not -5"),
        ({"queue": "sent", "transport-delay": "soon"}, "a delay is in seconds"),
        ({"queue": "sent", "transport-delay": 1e300}, "a delay is in seconds"),
        ({"queue": "sent", "transport-delay": 10**400}, "a delay is in seconds"),
        ("a text", "there is no step 2"),
    ],
)
async def test_a_step_that_nothing_can_be_sent_to_is_a_dead_letter_at_once(
    step: object, text: str
) -> None:
    dead = await only_dead(envelope(2, step))

    assert dead.reason == "schema"
    assert text in dead.text


@pytest.mark.parametrize(
    "body",
    [
        b"\x00\xff",
        b'{"recipe": {"1": {}}, "recipe-pointer": 1, "payload": "\\ud800"}',
        b'{"recipe": {"1": {}}, "recipe-pointer": ' + b"1" * 10_000 + b"}",
        b'{"recipe": {"1": {}}, "recipe-pointer": ' + b"1" * 4_000 + b"}",
        b'{"recipe": {"1": {}}, "recipe-pointer": 1, "payload": '
        + b"[" * 500
        + b"]" * 500
        + b"}",
        envelope(2, environment=[]),
        envelope(2, environment={"ID": {"a": 1}}),
        envelope(2, environment={"ID": "x" * 256}),
        envelope(2, **{"recipe-path": "1"}),
        envelope(2, **{"recipe-pointer": {"x": "y" * 100_000}}),
    ],
)
async def test_an_envelope_that_cannot_be_read_is_a_dead_letter_with_a_short_text(
    body: bytes,
) -> None:
    dead = await only_dead(body)

    assert dead.reason == "schema"
    assert len(dead.text) < 400


@pytest.mark.parametrize(
    ("output", "payload", "sent"),
    [
        (2, 1, 1),
        ([2, 2], 1, 2),
        ([], 1, 0),
        (None, 1, 0),
        ({"a": 2}, "a", 1),
        ({"a": [2, 2]}, "a", 2),
        ({"a": {"b": 2, "c": [2]}}, "a", 2),
        ({"a": None}, "a", 0),
        ({"a": 2}, "b", 0),
        ({"a": 2}, 1, 0),
        (2, "a", 0),
    ],
)
async def test_every_form_of_an_output_is_followed(
    output: object, payload: object, sent: int
) -> None:
    async with Harness(Relay()) as h:
        await publish(h, "relay", envelope(output, payload=payload))

        assert len(h.messages("sent")) == sent
        assert [each.type for each in h.events] == [HANDLED]
        assert h.dead == []


async def test_twenty_megabytes_and_nul_characters_are_carried_as_they_are() -> None:
    async with Harness(Relay()) as h:
        large = {"text": "\x00" + "x" * 20_000_000}
        await publish(h, "relay", envelope(2, payload=large))

        assert h.sent == [large]


async def test_a_run_without_an_id_is_no_run_called_none() -> None:
    async with Harness(Relay()) as h:
        await publish(h, "relay", envelope(2, environment={"ID": None}))

        assert len(h.messages("sent")) == 1
        assert h.events == []


async def test_parameters_that_are_null_are_none_at_all() -> None:
    seen: list[Any] = []

    class Reading(Relay):
        async def handle(self, message: Message, step: Step) -> None:
            seen.append(step.parameters)

    body = encode(
        {
            "recipe": {"1": {"queue": "relay", "parameters": None}},
            "recipe-pointer": "1",
        }
    )
    async with Harness(Reading()) as h:
        await publish(h, "relay", body)

    assert seen == [{}]


@pytest.mark.parametrize(
    "history",
    [
        "x",
        "5",
        "{}",
        "[5]",
        '[{"attempt": null, "at": 1, "instance": "a", "error": null}]',
        '[{"attempt": "a", "at": 1, "instance": "a", "error": "b"}]',
    ],
)
async def test_a_history_that_cannot_be_read_does_not_end_the_service(
    history: str,
) -> None:
    async with Harness(Failing()) as h:
        await publish(h, "failing", envelope(2), {HISTORY: history})
        await h.advance(60)

        [dead] = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("error", 5)
        assert [each.type for each in h.events] == [FAILED] * 4


class Nothing(BaseModel):
    pass


class WordlessError(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words")


class Odd(Service):
    @answers("odd.wordless/1", Nothing, queue="odd")
    async def wordless(self, request: Nothing, outbox: Outbox) -> None:
        raise WordlessError

    @answers("odd.half/1", Nothing, queue="odd")
    async def half(self, request: Nothing, outbox: Outbox) -> None:
        raise ValueError("half a character: \ud800")


@pytest.mark.parametrize("type_", ["odd.wordless/1", "odd.half/1"])
async def test_a_request_whose_error_cannot_be_written_is_refused_all_the_same(
    type_: str,
) -> None:
    async with Harness(Odd()) as h:
        for _ in range(2):
            with pytest.raises(RemoteError) as caught:
                await h.ask(type_, {})
            assert caught.value.code == "internal"


class Raising(Service):
    queue = "raising"
    retry = QUICK

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def handle(self, message: Message, step: Step) -> None:
        raise self.error


class WordlessRejection(Reject):
    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize(
    ("error", "reason", "attempts"),
    [
        (Reject(7), "rejected", 1),  # type: ignore[arg-type] # what a careless author may write
        (Reject("x" * 1_000_000), "rejected", 1),
        (WordlessRejection("no"), "rejected", 1),
        (ExceptionGroup("of one", [Reject("never")]), "rejected", 1),
        (ExceptionGroup("of two", [Reject("never"), ValueError()]), "error", 5),
        (WordlessError(), "error", 5),
        (ValueError("x" * 1_000_000), "error", 5),
        (SystemExit(3), "error", 5),
        (asyncio.CancelledError(), "error", 5),
    ],
)
async def test_whatever_is_raised_ends_in_one_bounded_letter(
    error: BaseException, reason: str, attempts: int
) -> None:
    async with Harness(Raising(error)) as h:
        await h.send(None)
        await h.advance(60)

        [dead] = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == (reason, attempts)
        assert [each.type for each in h.events] == [FAILED] * (attempts - 1)
        assert sum(map(len, dead.message.headers.values())) < 40_000
        assert all(len(each.data["error"]) <= 2_000 for each in h.events)


class Keeping(Service):
    """Keeps every step that it is given."""

    queue = "keeping"

    def __init__(self) -> None:
        self.steps: list[Step] = []

    async def handle(self, message: Message, step: Step) -> None:
        self.steps.append(step)
        await step.send("in time")
        if message.payload == "fail":
            raise Reject("as asked")


@pytest.mark.parametrize("payload", ["work", "fail"])
async def test_a_step_that_is_kept_takes_nothing_more(payload: str) -> None:
    service = Keeping()
    async with Harness(service) as h:
        await h.send(payload)
        await h.settle()
        [step] = service.steps

        with pytest.raises(HandledError, match="before the handler returns"):
            step.send("too late")
        with pytest.raises(HandledError):
            step.emit("", "too.late", {})
        with pytest.raises(HandledError):
            step.publish("sent", "too late")
        with pytest.raises(HandledError):
            step.checkpoint("too late")
        assert len(step.outgoing) == 1


class Crowd(Service):
    """Sends from several threads at once."""

    queue = "crowd"

    def handle(self, message: Message, step: Step) -> None:
        def send() -> None:
            for number in range(250):
                step.send(number)

        threads = [threading.Thread(target=send) for _ in range(8)]
        for each in threads:
            each.start()
        for each in threads:
            each.join()


async def test_threads_that_send_at_once_lose_and_double_nothing() -> None:
    async with Harness(Crowd()) as h:
        await h.send(None)
        await h.settle()

        children = [each.id for each in h.messages("sent")]
        [event] = h.events
        total = 0
        for child in children:
            total ^= checksum(child)
        assert len(set(children)) == len(children) == event.data["children"] == 2_000
        assert int(event.data["checksum"], 16) == total


async def test_an_output_may_be_called_checkpoint() -> None:
    async with Harness(Relay()) as h:
        await h.send("checkpoint", outputs=["other", "checkpoint"])
        await h.settle()

        assert h.sent_to("checkpoint") == [1]
        assert h.sent_to("other") == []


def test_an_event_with_a_key_is_never_taken_for_one_without() -> None:
    outbox = Outbox("0b9e3a5c-1f64-5d0e-9d4a-0b9e3a5c1f64")
    outbox.emit("stream", "told", {}, key="1")
    outbox.emit("stream", "told", {})

    assert len({each.id for each in outbox.events}) == 2


def test_an_event_whose_data_is_no_object_is_refused_where_it_is_told() -> None:
    outbox = Outbox("0b9e3a5c-1f64-5d0e-9d4a-0b9e3a5c1f64")

    with pytest.raises(SchemaError, match="data: must be an object"):
        outbox.emit("stream", "told", ["x"])  # type: ignore[arg-type] # on purpose


class Cancelling(Service):
    """Has its own task cancelled, as a library may do, and waits or returns then."""

    concurrency = 1
    retry = RetryPolicy(attempts=2, first_s=0.1, jitter=0)

    @takes("cancelling")
    async def take(self, message: Message, outbox: Outbox) -> None:
        task = asyncio.current_task()
        assert task is not None
        if b"cancel" in message.body:
            task.cancel()
        if b"wait" in message.body:
            await asyncio.sleep(0)
        outbox.publish("sent", message.body.decode())


async def test_a_handler_that_cancels_its_own_task_has_failed() -> None:
    async with Harness(Cancelling(), queues=["sent"]) as h:
        await publish(h, "cancelling", b"cancel and wait")
        await h.advance(1)

        [dead] = h.dead
        assert dead.letter is not None
        assert (dead.reason, dead.letter.attempts) == ("error", 2)


async def test_a_handler_that_cancels_its_own_task_leaves_the_next_message_alone() -> (
    None
):
    async with Harness(Cancelling(), queues=["sent"]) as h:
        await publish(h, "cancelling", b"cancel")
        await publish(h, "cancelling", b"wait", {ID: "an-id-of-its-own"})

        assert h.sent_to("sent") == []
        assert [each.body for each in h.messages("sent")] == [b'"cancel"', b'"wait"']
