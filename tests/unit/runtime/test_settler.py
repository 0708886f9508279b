"""Settling: in batches, with the report, and never lost, whatever the broker says."""

import asyncio
import gc
import weakref
from collections.abc import Sequence

import pytest
from pydantic import BaseModel

from recado import Message, Outbox, RetryPolicy, Service, Step, takes_batch
from recado.errors import DisconnectedError, RefusedError, SettledError
from recado.message import Outgoing, decode, typed_message
from recado.testing import Harness
from recado.transport.base import Delivery, Settlement, UnsettledError, Verdict


class Copy(Service):
    queue = "copy"
    retry = RetryPolicy(attempts=2)

    async def handle(self, message: Message, step: Step) -> None:
        await step.send(message.payload)


class Script:
    """Stands before a transport's settle, and has it fail as it is told to."""

    def __init__(self, h: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
        self.calls: list[list[Settlement]] = []
        self.errors: list[Exception] = []
        self.refuses: bytes = b""
        self.gate: asyncio.Event | None = None
        self.called = asyncio.Event()
        self._settle = h.transport.settle
        monkeypatch.setattr(h.transport, "settle", self.settle)

    async def settle(
        self, settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
    ) -> None:
        self.calls.append(list(settlements))
        self.called.set()
        if self.errors:
            raise self.errors.pop(0)
        sent = [o.message.body for s in settlements for o in s.outgoing]
        if self.refuses and any(self.refuses in body for body in sent):
            raise RefusedError("too large")
        if self.gate is not None:
            await self.gate.wait()
        await self._settle(settlements, outgoing)


class Large(BaseModel):
    """Stands for a payload that takes much memory."""


async def test_what_waits_to_be_settled_keeps_its_payload_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Weighing(Service):
        queue = "weighing"
        payload = Large
        seen: weakref.ref[object]

        async def handle(self, message: Message, step: Step) -> None:
            self.seen = weakref.ref(message.payload)

    async with Harness(service := Weighing()) as h:
        script = Script(h, monkeypatch)
        script.gate = asyncio.Event()
        await h.send({})
        await script.called.wait()
        gc.collect()
        assert service.seen() is None
        script.gate.set()
        await h.settle()


async def test_what_is_settled_is_gone_from_memory_at_once() -> None:
    async with Harness(Copy()) as h:
        gc.collect()
        gc.disable()
        try:
            await h.send("one of its kind")
            await h.settle()
            found = [each for each in gc.get_objects() if type(each) is Delivery]
        finally:
            gc.enable()

    # Other tests may have left some of theirs.
    assert not [each for each in found if b"one of its kind" in each.message.body]


async def test_what_ends_while_a_batch_is_on_its_way_goes_in_the_next_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Counting(Copy):
        seen = 0
        all_seen = asyncio.Event()

        async def handle(self, message: Message, step: Step) -> None:
            await step.send(message.payload)
            self.seen += 1
            if self.seen == 6:
                self.all_seen.set()

    service = Counting()
    async with Harness(service) as h, asyncio.timeout(5):
        script = Script(h, monkeypatch)
        script.gate = asyncio.Event()
        await h.send(0)
        await script.called.wait()
        for number in range(1, 6):
            await h.send(number)
        await service.all_seen.wait()
        script.gate.set()
        await h.settle()

        assert h.sent == [0, 1, 2, 3, 4, 5]
        assert [len(call) for call in script.calls] == [1, 5]
        assert len(h.messages("events")) == 2


async def test_a_batch_that_is_slow_is_not_waited_for_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Harness(Copy()) as h, asyncio.timeout(5):
        script = Script(h, monkeypatch)
        script.gate = asyncio.Event()
        await h.send("slow")
        await script.called.wait()
        script.called.clear()
        await h.send("next")
        await h.advance(0.02)
        await script.called.wait()
        script.gate.set()
        await h.settle()

        assert len(script.calls) == 2
        assert sorted(h.sent) == ["next", "slow"]


@pytest.mark.parametrize(
    "error", [DisconnectedError("away"), RefusedError("disk full"), ValueError("fault")]
)
async def test_while_the_broker_takes_nothing_all_is_kept_and_tried_again(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Harness(Copy()) as h:
        script = Script(h, monkeypatch)
        script.errors = [error] * 4
        await h.send("kept")
        await h.advance(3)
        assert len(script.calls) == 3

        await h.advance(12)

        assert h.sent == ["kept"]
        assert [each.data["attempt"] for each in h.events] == [1]


async def test_what_is_refused_while_others_go_through_fails_alone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Harness(Copy()) as h:
        script = Script(h, monkeypatch)
        script.refuses = b'"payload":"bad"'
        for payload in ("good", "bad", "fine"):
            await h.send(payload)
        await h.advance(120)

        assert sorted(h.sent) == ["fine", "good"]
        (dead,) = h.dead
        assert (dead.reason, dead.text) == ("error", "too large")


async def test_what_is_refused_for_long_fails_though_there_are_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Harness(Copy()) as h:
        script = Script(h, monkeypatch)
        script.refuses = b'"payload":"bad"'
        await h.send("bad")
        await h.advance(300)

        assert [each.reason for each in h.dead] == ["error"]


async def test_a_stale_delivery_is_dropped_and_the_rest_settled(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Harness(Copy()) as h:
        script = Script(h, monkeypatch)
        settle = script.settle

        async def once_stale(
            settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
        ) -> None:
            stale = [
                s.delivery for s in settlements if b'"gone"' in s.delivery.message.body
            ]
            if stale:
                # Its lease has ended: the broker has it back already.
                for delivery in stale:
                    await settle([Settlement(delivery, Verdict.DONE)])
                raise UnsettledError(stale, {})
            await settle(settlements, outgoing)

        monkeypatch.setattr(h.transport, "settle", once_stale)
        messages = [await h.send(payload) for payload in ("gone", "here")]
        await h.settle()

        assert h.sent == ["here"]
        assert [each.data["message"] for each in h.events] == [messages[1].id]


async def test_what_a_batch_sends_leaves_though_its_first_is_stale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Summing(Service):
        @takes_batch("many")
        async def take(self, messages: Sequence[Message], outbox: Outbox) -> None:
            await outbox.publish("out", sum(decode(each.body) for each in messages))
            outbox.emit("sums", "summed", {})

    async with Harness(Summing(), queues=["out"]) as h:
        script = Script(h, monkeypatch)

        async def first_is_stale(
            settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
        ) -> None:
            monkeypatch.setattr(h.transport, "settle", script.settle)
            await script.settle([Settlement(settlements[0].delivery, Verdict.DONE)])
            raise UnsettledError([settlements[0].delivery], {})

        monkeypatch.setattr(h.transport, "settle", first_is_stale)
        messages = [typed_message("", number) for number in (1, 2, 3)]
        await h.transport.publish([Outgoing("many", message) for message in messages])
        await h.settle()

        assert [decode(each.body) for each in h.messages("out")] == [6]
        assert [each.type for each in h.events] == ["summed"]


async def test_a_delivery_settled_by_somebody_else_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Hasty(Copy):
        async def handle(self, message: Message, step: Step) -> None:
            await step.send(message.payload)

    async with Harness(Hasty()) as h:
        script = Script(h, monkeypatch)

        async def settled_already(
            settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
        ) -> None:
            monkeypatch.setattr(h.transport, "settle", script.settle)
            await script.settle([Settlement(settlements[0].delivery, Verdict.DONE)])
            raise SettledError("twice")

        monkeypatch.setattr(h.transport, "settle", settled_already)
        await h.send("once")
        await h.settle()

        assert h.sent == []
        assert h.runtime.is_at_rest
