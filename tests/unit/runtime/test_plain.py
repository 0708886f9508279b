"""Messages taken as they are: one by one, in batches, from topics."""

from collections.abc import Sequence

import pytest

from recado import (
    Message,
    Outbox,
    RetryPolicy,
    Service,
    Step,
    hears,
    takes,
    takes_batch,
)
from recado.errors import ConfigError
from recado.events import HANDLED
from recado.ids import new_id
from recado.message import (
    ID,
    LETTER,
    RECIPE,
    RUN,
    Outgoing,
    decode,
    encode,
    typed_message,
)
from recado.runtime.lanes import plans_for
from recado.testing import Harness

RECIPE_BODY = {
    "recipe": {"1": {"queue": "in"}},
    "recipe-pointer": 1,
    "environment": {"ID": "r1"},
}


class Desk(Service):
    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.heard: list[object] = []

    @takes("in", retry=RetryPolicy(attempts=1))
    async def take(self, message: Message, outbox: Outbox) -> None:
        value = decode(message.body)
        if value == "bad":
            raise ValueError("bad")
        await outbox.publish("out", value)

    @takes_batch("many", size=4, retry=RetryPolicy(attempts=1))
    async def take_many(self, messages: Sequence[Message], outbox: Outbox) -> None:
        values = [decode(each.body)["n"] for each in messages]
        self.batches.append(values)
        if 13 in values:
            raise ValueError("unlucky")
        await outbox.publish("nowhere" if 99 in values else "out", values)
        outbox.emit("batches", "taken", {"values": values})

    @hears("news")
    async def hear(self, message: Message, outbox: Outbox) -> None:
        self.heard.append(decode(message.body))
        if len(self.heard) == 1:
            raise ValueError("deaf")
        await outbox.publish("out", "heard")


async def test_a_plain_message_is_taken_as_it_is() -> None:
    async with Harness(Desk(), queues=["out"]) as h:
        await h.publish("in", {"any": "thing"})
        await h.publish("in", "bad")
        await h.settle()

        assert [decode(each.body) for each in h.messages("out")] == [{"any": "thing"}]
        assert [each.text for each in h.dead] == ["ValueError: bad"]
        assert h.events == []


async def test_a_runs_message_is_told_whoever_takes_it() -> None:
    async with Harness(Desk(), queues=["out"]) as h:
        await h.publish("in", RECIPE_BODY, headers={RECIPE: "true", RUN: "r1"})
        await h.settle()

        (event,) = h.events
        assert (event.type, event.data["step"], event.data["children"]) == (
            HANDLED,
            1,
            0,
        )


async def test_a_runs_message_that_cannot_be_read_is_told_without_its_step() -> None:
    async with Harness(Desk(), queues=["out"]) as h:
        await h.publish("in", {"no": "recipe"}, headers={RECIPE: "true", RUN: "r1"})
        await h.settle()

        assert h.events[0].data["step"] is None


async def test_taking_a_dead_letter_is_not_the_end_of_its_message() -> None:
    class Gravedigger(Service):
        @takes_batch("dlq")
        async def take(self, messages: Sequence[Message], outbox: Outbox) -> None: ...

        @takes("moved")
        async def take_moved(self, message: Message, outbox: Outbox) -> None:
            raise ValueError("cannot read it")

    headers = {RECIPE: "true", RUN: "r1"}
    async with Harness(Gravedigger()) as h:
        await h.publish("dlq", RECIPE_BODY, headers=headers)
        await h.publish("moved", RECIPE_BODY, headers={**headers, LETTER: "{}"})
        await h.settle()

        assert h.events == []


async def test_a_batch_is_what_is_there_up_to_its_size() -> None:
    desk = Desk()
    async with Harness(desk, queues=["out"]) as h:
        for n in range(6):
            await h.publish("many", {"n": n})
        await h.settle()

        taken = [n for batch in desk.batches for n in batch]
        assert taken == list(range(6))
        assert max(map(len, desk.batches)) <= 4


async def filled(h: Harness, *numbers: int) -> None:
    """Have messages come all at once, so that they are one batch."""
    messages = [typed_message("", {"n": number}) for number in numbers]
    await h.transport.publish([Outgoing("many", message) for message in messages])
    await h.settle()


async def test_a_batch_that_fails_is_tried_one_by_one() -> None:
    desk = Desk()
    async with Harness(desk, queues=["out"]) as h:
        await filled(h, 1, 13, 3)

        assert desk.batches[0] == [1, 13, 3]
        assert [len(each) for each in desk.batches[1:]] == [1, 1, 1]
        assert [decode(each.body) for each in h.messages("out")] == [[1], [3]]
        (dead,) = h.dead
        assert decode(dead.message.body) == {"n": 13}


async def test_a_batch_that_sends_to_nowhere_is_tried_one_by_one() -> None:
    desk = Desk()
    async with Harness(desk, queues=["out"]) as h:
        await filled(h, 1, 99, 3)

        assert desk.batches[0] == [1, 99, 3]
        assert sorted(decode(each.body) for each in h.messages("out")) == [[1], [3]]
        assert [each.reason for each in h.dead] == ["unroutable"]


async def test_the_recipe_messages_that_a_batch_sends_count_once_for_a_run() -> None:
    class Joining(Service):
        @takes_batch("many", size=10)
        async def take(self, messages: Sequence[Message], outbox: Outbox) -> None:
            for _ in range(2):
                head = {RECIPE: "true", RUN: "r1"}
                await outbox.publish("out", {}, headers=head)
            await outbox.publish("out", {}, headers={RUN: "r1"})

    async with Harness(Joining(), queues=["out"]) as h:
        headers = {RECIPE: "true", RUN: "r1"}
        await h.transport.publish(
            [
                Outgoing("many", Message(encode(RECIPE_BODY), headers | {ID: new_id()}))
                for _ in range(3)
            ]
        )
        await h.settle()

        assert [each.data["children"] for each in h.events] == [2, 0, 0]


async def test_a_topic_is_heard_and_a_failure_is_forgotten() -> None:
    desk = Desk()
    async with Harness(desk, queues=["out"]) as h:
        await h.broadcast("news", 1)
        await h.broadcast("news", 2)

        assert desk.heard == [1, 2]
        assert [decode(each.body) for each in h.messages("out")] == ["heard"]
        assert h.dead == []


def test_a_queue_taken_from_in_two_ways_is_refused() -> None:
    class Torn(Service):
        queue = "in"

        async def handle(self, message: Message, step: Step) -> None: ...

        @takes("in")
        async def take(self, message: Message, outbox: Outbox) -> None: ...

    with pytest.raises(
        ConfigError, match="queue 'in' is taken from by handle and by take"
    ):
        plans_for(Torn)


def test_a_batch_lane_has_one_worker_and_room_for_two_batches() -> None:
    plans = {plan.source: plan for plan in plans_for(Desk)}

    assert (plans["many"].workers, plans["many"].prefetch) == (1, 8)
    assert (plans["in"].workers, plans["in"].prefetch) == (10, 20)


def test_one_at_a_time_means_one_held() -> None:
    class Single(Desk):
        concurrency = 1

    assert {plan.prefetch for plan in plans_for(Single) if plan.source == "in"} == {1}
