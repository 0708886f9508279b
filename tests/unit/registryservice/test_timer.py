"""The registry between its messages: the timer, and what cannot be told at once.

The broker is one of these tests' own: the timer has to be seen with it away.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from recado.config import Settings
from recado.errors import DisconnectedError
from recado.ids import new_id
from recado.log import get_logger
from recado.message import ID, Message, Outgoing, decode, encode
from recado.outbox import Outbox
from recado.service import Context
from recado.testing import VirtualClock
from recado.transport.base import Transport
from recado_registry.service import Registry


async def quiet() -> None:
    """Let every task run until it waits for something."""
    for _ in range(20):
        await asyncio.sleep(0)


async def _move(clock: VirtualClock, seconds: float) -> None:
    clock.move_to(clock.now + seconds)
    await quiet()


class Broker:
    """Takes what is published, or is away."""

    def __init__(self) -> None:
        self.is_away = False
        self.events: list[dict[str, Any]] = []
        self.tries = 0

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self.tries += 1
        if self.is_away:
            raise DisconnectedError("the broker is away")
        for each in messages:
            assert each.queue == "events"
            self.events += decode(each.message.body)["events"]


@asynccontextmanager
async def running(clock: VirtualClock, broker: Broker) -> AsyncGenerator[Registry]:
    registry = Registry()
    registry.context = Context(
        cast("Transport", broker),
        Settings(recipes=Path("none")),
        "lab.registry.1",
        get_logger(),
        clock,
        asyncio.Event(),
    )
    await registry.started()
    try:
        yield registry
    finally:
        await registry.stopped()


async def _hear(registry: Registry, host: str, status: int = 2) -> list[str]:
    details = {"name": "expander", "started_at": 50.0}
    body = encode({"host": host, "status": status, "recado": details})
    message = Message(body, {ID: new_id()})
    outbox = Outbox(message.id)
    await registry.hear(message, outbox)
    await quiet()
    return [event.type for event in outbox.events]


async def _others_speak(registry: Registry, clock: VirtualClock, seconds: int) -> None:
    for _ in range(seconds // 5):
        await _move(clock, 5)
        await _hear(registry, "lab.registry.1")


async def test_a_heartbeat_tells_of_an_instance_with_its_settlement() -> None:
    async with running(VirtualClock(100.0), Broker()) as registry:
        first = await _hear(registry, "lab.1")
        second = await _hear(registry, "lab.1")
        last = await _hear(registry, "lab.1", status=6)

    assert (first, second, last) == (["instance.registered"], [], ["instance.left"])


async def test_a_lost_instance_is_told_of_when_its_lease_ends() -> None:
    clock, broker = VirtualClock(100.0), Broker()
    async with running(clock, broker) as registry:
        await _hear(registry, "lab.1")
        await _others_speak(registry, clock, 10)
        await _move(clock, 4.9)
        before = list(broker.events)
        await _move(clock, 0.1)

    assert before == []
    (event,) = broker.events
    assert (event["stream"], event["type"], event["at"]) == (
        "registry",
        "instance.lost",
        115.0,
    )
    assert event["data"]["instance"] == "lab.1"


async def test_the_timer_starts_again_when_somebody_comes_to_an_empty_registry() -> (
    None
):
    clock, broker = VirtualClock(100.0), Broker()
    async with running(clock, broker) as registry:
        await _hear(registry, "lab.1")
        await _hear(registry, "lab.1", status=6)
        await _move(clock, 60)
        await _hear(registry, "lab.2")
        await _others_speak(registry, clock, 20)

    assert [event["data"]["instance"] for event in broker.events] == ["lab.2"]


async def test_what_cannot_be_told_is_told_later_and_once() -> None:
    clock, broker = VirtualClock(100.0), Broker()
    broker.is_away = True
    async with running(clock, broker) as registry:
        await _hear(registry, "lab.1")
        await _others_speak(registry, clock, 15)
        tries_while_away = broker.tries
        broker.is_away = False
        await _others_speak(registry, clock, 15)

    assert tries_while_away == 1
    assert [event["type"] for event in broker.events] == ["instance.lost"]


async def test_many_that_are_lost_at_once_are_told_in_parts() -> None:
    clock, broker = VirtualClock(100.0), Broker()
    async with running(clock, broker) as registry:
        for number in range(450):
            await _hear(registry, f"lab.{number}")
        await _others_speak(registry, clock, 15)

    assert (broker.tries, len(broker.events)) == (1, 450)
