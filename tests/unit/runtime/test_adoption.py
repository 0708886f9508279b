"""What nobody counted when it was sent counts itself, so that a run's account comes out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce

import pytest

from recado import Message, Outbox, Service, Step, takes
from recado.envelope import Envelope
from recado.events import Event, counted_by_itself
from recado.ids import checksum
from recado.message import ADOPTED, ID, RETRIES, RUN, Outgoing
from recado.testing import Harness
from recado_eventstore.facts import read_facts

MESSAGE = "0b9e3a5c-1f64-5d0e-9d4a-0b9e3a5c1f64"


class Relay(Service):
    queue = "relay"

    async def handle(self, message: Message, step: Step) -> None:
        if message.payload == "fails" and RETRIES not in message.headers:
            raise ValueError("no")
        step.send(message.payload)

    @takes("plain")
    async def plain(self, message: Message, outbox: Outbox) -> None:
        envelope = Envelope.read(message)
        outbox.send_step(envelope, 2, [], "on")


def account(events: Iterable[Event]) -> tuple[int, int]:
    """Return how many messages are open by what events tell, and the checksum."""
    facts = list(read_facts(list(events)).values())
    open_ = sum(fact.sent - fact.handled - fact.dead for fact in facts)
    return open_, reduce(lambda sum_, fact: sum_ ^ fact.checksum, facts, 0)


async def put(
    h: Harness, queue: str, message: Message, *without: str, **headers: str
) -> None:
    """Put a message into a queue as a foreign service would."""
    kept = {k: v for k, v in message.headers.items() if k not in without}
    await h.transport.publish([Outgoing(queue, Message(message.body, kept | headers))])
    await h.settle()


async def test_a_message_without_an_id_is_adopted_and_counts_itself() -> None:
    async with Harness(Relay()) as h:
        message = await h.send("x")
        await h.settle()
        before = len(h.events)
        await put(h, "relay", message, ID)

        child = h.messages("sent")[-1]
        assert account(h.events[before:]) == (1, checksum(child.id))
        (event,) = h.events[before:]
        assert event.data["children"] == 2


@pytest.mark.parametrize("queue", ["relay", "plain"])
async def test_an_adopted_message_counts_itself_whoever_takes_it(queue: str) -> None:
    async with Harness(Relay()) as h:
        message = await h.send("x")
        await h.settle()
        before = len(h.events)
        await put(h, queue, message, **{ID: MESSAGE, ADOPTED: "true"})

        child = h.messages("sent")[-1]
        assert account(h.events[before:]) == (1, checksum(child.id))


async def test_a_message_that_was_counted_does_not_count_itself() -> None:
    async with Harness(Relay()) as h:
        await h.send("x")
        await h.settle()

        (child,) = h.messages("sent")
        # Its own end, which its sender has counted, and the child that it counts.
        assert account(h.events) == (
            0,
            checksum(child.id) ^ checksum(h.events[0].data["message"]),
        )


async def test_an_id_that_is_none_of_ours_is_adopted_under_one_that_derives_from_it() -> (
    None
):
    async with Harness(Relay()) as h:
        message = await h.send("x")
        await h.settle()
        for _ in range(2):
            await put(h, "relay", message, **{ID: "7"})

        ids = [event.id for event in h.events]
        assert (len(ids), len(set(ids))) == (3, 2)
        assert h.events[1].data["children"] == 2


async def test_an_adopted_message_that_fails_stays_adopted_as_it_comes_again() -> None:
    class Twice(Relay):
        def __init__(self) -> None:
            self.seen: list[Message] = []

        async def handle(self, message: Message, step: Step) -> None:
            self.seen.append(message)
            if len(self.seen) == 2:
                raise OSError("away")

    service = Twice()
    async with Harness(service) as h:
        message = await h.send("x")
        await h.settle()
        await put(h, "relay", message, ID)
        await h.advance(10)

        _, failed, again = service.seen
        assert failed.id == again.id
        assert again.headers[ADOPTED] == "true"
        assert h.events[-1].data["children"] == 1


@pytest.mark.parametrize(
    ("headers", "counted"),
    [
        ({}, False),
        ({RETRIES: "1"}, False),
        ({ADOPTED: "true"}, True),
        ({ADOPTED: "true", RETRIES: "0"}, True),
        ({ADOPTED: "true", RETRIES: "1"}, False),
    ],
)
def test_only_the_first_end_counts(headers: dict[str, str], counted: bool) -> None:
    message = Message(b"", {ID: MESSAGE, RUN: "run", **headers})

    assert counted_by_itself(message) == ((1, checksum(MESSAGE)) if counted else (0, 0))
