"""A process that dies loses nothing, and only what it worked on counts as an attempt."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from recado.errors import DisconnectedError
from recado.transport import Delivery, Transport, UnsettledError
from tests.transport.broker import Broker
from tests.transport.inbox import (
    PATIENCE_S,
    Inbox,
    consuming,
    dead_letters,
    eventually,
    queued,
    to,
)

CHILD = Path(__file__).with_name("child.py")


@dataclass
class Child:
    """A process that consumes a queue."""

    process: Process

    async def line(self) -> dict[str, Any]:
        """Return the next thing that it tells."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            line = await self.process.stdout.readline()
        return dict(json.loads(line))

    async def holds(self, count: int) -> list[tuple[str, int]]:
        """Return the ids and attempts of so many deliveries that it gets."""
        lines = [await self.line() for _ in range(count)]
        return [(line["id"], line["attempt"]) for line in lines]

    async def order(self, command: str) -> dict[str, Any]:
        """Have it do something; return what it tells of it."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{command}\n".encode())
        return await self.line()

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def killed(self) -> None:
        """Kill it, and return when it is dead."""
        self.process.kill()
        await self.process.wait()


Start: TypeAlias = Callable[..., Awaitable[Child]]


@pytest.fixture
async def start(broker: Broker) -> AsyncGenerator[Start]:
    """Start processes that consume a queue; all are killed in the end."""
    children: list[Child] = []

    async def start(prefetch: int = 10, lease_s: float | None = None) -> Child:
        url = broker.url(lease_s=lease_s)
        process = await asyncio.create_subprocess_exec(
            sys.executable, CHILD, url, "work", str(prefetch), stdin=PIPE, stdout=PIPE
        )
        children.append(Child(process))
        return children[-1]

    yield start
    for child in children:
        if child.process.returncode is None:
            await child.killed()


async def test_what_a_killed_process_held_comes_back_soon(
    broker: Broker, transport: Transport, start: Start
) -> None:
    await transport.publish(to("work", "a"))
    child = await start()
    assert await child.holds(1) == [("a", 1)]
    inbox = await consuming(transport, "work")
    await child.order("begin a")

    await child.killed()
    died = time.monotonic()
    back = await inbox.next()

    assert time.monotonic() - died <= broker.differences.notices_crash_s
    assert (back.message.id, back.attempt) == ("a", 2)


async def test_a_crash_counts_only_for_what_had_begun(
    broker: Broker, transport: Transport, start: Start
) -> None:
    await transport.publish(to("work", "a", "b", "c"))
    child = await start()
    await child.holds(3)
    await child.order("begin b")

    await child.killed()
    inbox = await consuming(transport, "work")
    attempts: dict[str, int] = {}
    for _ in range(3):
        delivery = await inbox.next()
        attempts[delivery.message.id] = delivery.attempt
        await delivery.done()

    innocent = 1 if broker.differences.knows_what_began else 2
    assert attempts == {"a": innocent, "b": 2, "c": innocent}


async def test_every_crash_counts(transport: Transport, start: Start) -> None:
    await transport.publish(to("work", "a"))

    for attempt in (1, 2, 3):
        child = await start()
        assert await child.holds(1) == [("a", attempt)]
        await child.order("begin a")
        await child.killed()


async def test_a_process_that_hangs_loses_what_it_holds(
    broker: Broker, start: Start
) -> None:
    transport = await broker.open(lease_s=1.0)
    await transport.declare(["work"])
    await transport.publish(to("work", "a"))
    child = await start(lease_s=1.0)
    await child.holds(1)
    await child.order("begin a")
    inbox = await consuming(transport, "work")

    child.signal(signal.SIGSTOP)
    within = broker.differences.notices_hang_s
    if within is None:
        child.signal(signal.SIGCONT)
        assert await child.order("done") == {"stale": []}
        assert inbox.waiting == 0
        return
    back = await inbox.next(within)
    child.signal(signal.SIGCONT)

    assert (back.message.id, back.attempt) == ("a", 2)
    assert await child.order("done") == {"stale": ["a"]}
    assert await queued(broker, "work") == ["a"]
    await back.done()


async def test_a_process_that_hung_takes_part_again(
    broker: Broker, start: Start
) -> None:
    transport = await broker.open(lease_s=1.0)
    await transport.declare(["work"])
    await transport.publish(to("work", "a"))
    child = await start(lease_s=1.0)
    await child.holds(1)
    inbox = Inbox()
    consumer = await transport.consume("work", inbox)
    child.signal(signal.SIGSTOP)
    if broker.differences.notices_hang_s is not None:
        await (await inbox.next()).done()
    await consumer.cancel()

    child.signal(signal.SIGCONT)
    await transport.publish(to("work", "b"))

    assert await child.holds(1) == [("b", 1)]


async def test_a_process_asked_to_settle_in_time_settles(
    transport: Transport, start: Start
) -> None:
    await transport.publish(to("work", "a", "b"))
    child = await start()
    await child.holds(2)

    assert await child.order("done") == {"stale": []}

    assert (await transport.depth("work")).total == 0


async def test_two_processes_share_a_queue(transport: Transport, start: Start) -> None:
    children = [await start(prefetch=2), await start(prefetch=2)]
    await transport.publish(to("work", "a", "b", "c", "d"))

    shares = [await child.holds(2) for child in children]

    assert sorted([*shares[0], *shares[1]]) == [(name, 1) for name in "abcd"]


async def abandoned(broker: Broker, *begun: str, count: int, **options: int) -> None:
    """Take messages, begin some of them, and vanish."""
    transport = await broker.open(**options)
    inbox = await consuming(transport, "work")
    for delivery in await inbox.take(count):
        if delivery.message.id in begun:
            delivery.began()
    await broker.abandon(transport)


async def test_a_crash_loop_ends_at_the_ceiling_with_a_reason(
    broker: Broker,
) -> None:
    transport = await broker.open(ceiling=3)
    await transport.declare(["work", "dlq"])
    await transport.publish(to("work", "a"))

    for _ in range(3):
        await abandoned(broker, "a", count=1, ceiling=3)
    inbox = await consuming(await broker.open(ceiling=3), "work")
    await transport.publish(to("work", "next"))

    assert (await inbox.next()).message.id == "next"
    letter = (await dead_letters(broker))["a"]
    assert json.loads(letter.headers["recado-letter"])["reason"] == "ceiling"
    assert json.loads(letter.headers["recado-letter"])["attempts"] == 3


async def test_retries_for_ever_end_at_the_ceiling_too(broker: Broker) -> None:
    transport = await broker.open(ceiling=3)
    await transport.declare(["work", "dlq"])
    await transport.publish(to("work", "a"))
    inbox = await consuming(transport, "work")

    for _ in range(3):
        await (await inbox.next()).retry()
    await transport.publish(to("work", "next"))

    assert (await inbox.next()).message.id == "next"
    assert list(await dead_letters(broker)) == ["a"]


async def test_the_neighbours_of_a_crash_never_reach_the_ceiling(
    broker: Broker,
) -> None:
    transport = await broker.open(ceiling=3)
    await transport.declare(["work", "dlq"])
    await transport.publish(to("work", "bad", *(f"m{n}" for n in range(4))))

    await abandoned(broker, "bad", count=5, ceiling=3)
    survivors: list[str] = []
    for _ in range(2):
        survivors += await lived(broker, "bad", ceiling=3)
    inbox = await consuming(transport, "work")
    while len(survivors) < 4:
        survivors.append(await ended(await inbox.next()))

    async def is_dead() -> bool:
        return list(await dead_letters(broker)) == ["bad"]

    assert sorted(survivors) == ["m0", "m1", "m2", "m3"]
    await eventually(is_dead, "the message that kills is a dead letter")


async def lived(broker: Broker, killer: str, **options: int) -> list[str]:
    """Handle messages until one of them kills; return those that were done."""
    transport = await broker.open(**options)
    inbox = await consuming(transport, "work")
    done: list[str] = []
    while (delivery := await inbox.next()).message.id != killer:
        done.append(await ended(delivery))
    delivery.began()
    await broker.abandon(transport)
    return done


async def ended(delivery: Delivery) -> str:
    """Be done with a message; return its id."""
    delivery.began()
    await delivery.done()
    return delivery.message.id


async def test_of_a_batch_with_a_stale_delivery_nothing_is_done_and_it_is_named(
    broker: Broker,
) -> None:
    transport = await broker.open()
    await transport.declare(["work"])
    await transport.publish(to("work", "a"))
    inbox = await consuming(transport, "work")
    held = await inbox.next()

    await broker.abandon(transport)
    with pytest.raises((DisconnectedError, UnsettledError)):
        await held.done(to("work", "b"))

    async def is_back() -> bool:
        return await queued(broker, "work") == ["a"]

    await eventually(is_back, "it is put back, and nothing else is there")


async def test_a_message_in_flight_when_its_consumer_dies_is_delivered_once_more(
    broker: Broker, transport: Transport
) -> None:
    names = [f"m{number:02}" for number in range(50)]
    await transport.publish(to("work", *names))
    await abandoned(broker, count=20)

    inbox = await consuming(transport, "work")
    attempts: dict[str, int] = {}
    for _ in names:
        delivery = await inbox.next()
        attempts[await ended(delivery)] = delivery.attempt

    assert sorted(attempts) == names
    again = [attempt for attempt in attempts.values() if attempt > 1]
    if broker.differences.knows_what_began:
        assert again == []
    else:  # what was on its way to the process counts as well
        assert 20 <= len(again) <= 50
        assert set(again) == {2}
