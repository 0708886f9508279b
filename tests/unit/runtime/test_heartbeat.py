"""Heartbeats: in Zocalo's format, every few seconds, to the end, and never in the way."""

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest
from pydantic import BaseModel

from recado import Message, Outbox, Service, Step, answers
from recado.errors import RefusedError
from recado.heartbeat import STATUS_TOPIC, Status, host_name
from recado.message import Outgoing, decode
from recado.runtime.load import Load
from recado.testing import Harness


class Resize(Service):
    queue = "resize"

    async def handle(self, message: Message, step: Step) -> None:
        if message.payload == "bad":
            raise ValueError("bad")
        await step.send(message.payload)

    def status(self) -> dict[str, Any]:
        return {"pictures": 3}


class Listener:
    """Hears what is broadcast, instead of a transport's topic."""

    def __init__(self, h: Harness, monkeypatch: pytest.MonkeyPatch) -> None:
        self.beats: list[dict[str, Any]] = []
        self.expiry: list[float | None] = []
        self.fails = False
        self._publish = h.transport.publish
        monkeypatch.setattr(h.transport, "publish", self.publish)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        if messages[0].queue == STATUS_TOPIC:
            if self.fails:
                raise RefusedError("disk full")
            self.beats.append(decode(messages[0].message.body))
            self.expiry.append(messages[0].expires_s)
        await self._publish(messages)


async def test_a_beat_has_zocalos_fields_and_our_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Harness(Resize()) as h:
        heard = Listener(h, monkeypatch)
        await h.send("good")
        await h.send("bad")
        await h.advance(5)

        beat = heard.beats[-1]
        assert {
            "host",
            "status",
            "statustext",
            "service",
            "serviceclass",
            "utilization",
            "workflows",
        } < set(beat)
        assert beat["host"] == beat["recado"]["instance"] == h.runtime.instance
        assert (beat["service"], beat["serviceclass"]) == ("resize", "Resize")
        assert beat["recado"]["queues"] == ["resize"]
        assert beat["recado"]["policy"]["attempts"] == 5
        assert beat["recado"]["handled"] == 1
        assert beat["recado"]["failed"] >= 1
        assert beat["recado"]["pictures"] == 3
        assert heard.expiry[-1] == 15.0


async def test_one_is_sent_every_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Harness(Resize()) as h:
        await h.advance(0)
        heard = Listener(h, monkeypatch)
        await h.advance(60)

        assert 11 <= len(heard.beats) <= 13


async def test_the_last_ones_say_that_it_drains_and_that_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Harness(Resize()) as h:
        heard = Listener(h, monkeypatch)
        h.runtime.stop()
        await h.runtime.drain()

        assert heard.beats[-1]["status"] == Status.END
        assert heard.beats[-1]["recado"]["draining"] is True


async def test_a_beat_that_cannot_be_sent_stops_neither_the_service_nor_the_next(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with Harness(Resize()) as h:
        heard = Listener(h, monkeypatch)
        heard.fails = True
        await h.advance(10)
        heard.fails = False
        await h.send("good")
        await h.advance(10)

        assert heard.beats
        assert h.sent == ["good"]


@pytest.mark.parametrize("status", [lambda: 1 / 0, lambda: {"odd": object()}])
async def test_a_service_that_cannot_tell_its_status_beats_all_the_same(
    status: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = Resize()
    monkeypatch.setattr(service, "status", status)
    async with Harness(service) as h:
        heard = Listener(h, monkeypatch)
        await h.advance(5)

        assert heard.beats[-1]["service"] == "resize"


async def test_a_service_at_work_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    at_work, gate = asyncio.Event(), asyncio.Event()

    class Busy(Resize):
        async def handle(self, message: Message, step: Step) -> None:
            at_work.set()
            await gate.wait()

    async with Harness(Busy()) as h, asyncio.timeout(5):
        heard = Listener(h, monkeypatch)
        await h.send(1)
        await at_work.wait()
        await h.advance(5)

        assert heard.beats[-1]["status"] == Status.PROCESSING
        assert heard.beats[-1]["recado"]["in_flight"] == 1
        gate.set()


async def test_a_service_with_several_queues_tells_the_most_it_handles_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Busy(Resize):
        @answers("busy.look/1", BaseModel, queue="busy", concurrency=50)
        async def look(self, request: BaseModel, outbox: Outbox) -> None: ...

    async with Harness(Busy()) as h:
        heard = Listener(h, monkeypatch)
        await h.advance(5)

        assert heard.beats[-1]["recado"]["concurrency"] == 50


def test_an_instance_is_named_by_its_host_reversed_and_its_pid(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: "node7.lab.example")
    monkeypatch.setattr("os.getpid", lambda: 42)

    assert host_name() == "example.lab.node7.42"


def test_the_load_is_the_share_of_time_with_anything_in_work() -> None:
    now = [0.0]
    load = Load(lambda: now[0])

    now[0] = 1.0
    load.enter(2)
    now[0] = 2.0
    load.leave(1)
    now[0] = 3.0
    load.leave(1)
    now[0] = 4.0
    assert load.share() == 0.5

    load.enter(1)
    now[0] = 6.0
    assert load.share() == 1.0
    assert load.share() == 0.0
