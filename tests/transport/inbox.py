"""Short ways to say what the contract suite says often."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence

from recado.message import CORRELATION, ID, NORMAL, REPLY_TO, Message, Outgoing
from recado.transport import DEAD_LETTERS, Browsed, Delivery, Transport
from tests.transport.broker import Broker

PATIENCE_S = 10.0
"""How long a test waits for what must happen; only a failing test waits so long."""


class Inbox:
    """Takes what a consumer delivers, and hands it over one by one."""

    def __init__(self) -> None:
        self._arrived: asyncio.Queue[Delivery] = asyncio.Queue()

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        for delivery in deliveries:
            self._arrived.put_nowait(delivery)

    @property
    def waiting(self) -> int:
        """How many arrived and were not looked at."""
        return self._arrived.qsize()

    async def next(self, within_s: float = PATIENCE_S) -> Delivery:
        """Return the next delivery."""
        async with asyncio.timeout(within_s):
            return await self._arrived.get()

    async def take(self, count: int) -> list[Delivery]:
        """Return the next so many deliveries."""
        return [await self.next() for _ in range(count)]


def message(id_: str, body: bytes = b"{}", **headers: str) -> Message:
    """Return a message with an id."""
    return Message(body, {ID: id_, **headers})


def to(
    queue: str,
    *ids: str,
    delay_s: float = 0.0,
    priority: int = NORMAL,
    expires_s: float | None = None,
) -> list[Outgoing]:
    """Return messages on their way to a queue, one for each id."""
    return [Outgoing(queue, message(id_), delay_s, priority, expires_s) for id_ in ids]


def to_topic(topic: str, *ids: str) -> list[Outgoing]:
    """Return messages on their way to a topic, one for each id."""
    return [Outgoing(topic, message(id_), is_topic=True) for id_ in ids]


def ids(deliveries: Sequence[Delivery | Browsed]) -> list[str]:
    """Return the ids of the messages of deliveries."""
    return [delivery.message.id for delivery in deliveries]


async def consuming(transport: Transport, queue: str, *, prefetch: int = 100) -> Inbox:
    """Return an inbox that a queue is consumed into."""
    inbox = Inbox()
    await transport.consume(queue, inbox, prefetch=prefetch)
    return inbox


async def queued(broker: Broker, queue: str) -> list[str]:
    """Return the ids of the messages in a queue that one can see, oldest first."""
    return [message.id for message in await broker.look(queue)]


async def dead_letters(broker: Broker) -> dict[str, Message]:
    """Return the dead letters by their ids."""
    return {message.id: message for message in await broker.look(DEAD_LETTERS)}


async def answer(delivery: Delivery, body: bytes) -> None:
    """End a request with its reply."""
    headers = delivery.message.headers
    reply = Message(body, {CORRELATION: headers[CORRELATION]})
    await delivery.done([Outgoing(headers[REPLY_TO], reply, mandatory=False)])


async def eventually(
    holds: Callable[[], Awaitable[bool]], what: str, within_s: float = PATIENCE_S
) -> None:
    """Wait until something holds that nobody tells of."""
    deadline = time.monotonic() + within_s
    while not await holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"after {within_s:g} s still not: {what}")
        await asyncio.sleep(0.01)
