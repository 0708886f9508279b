"""Faults of a broker and of the way to it: each strikes, and returns when it is over."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

import aio_pika

from tests.brokers import ActiveMQ, RabbitMQ
from tests.brokers.netns import Way
from tests.brokers.stomp import stomp
from tests.system.site import Site

Fault: TypeAlias = Callable[[Site, str], Awaitable[None]]
"""Strikes the site; the string is the URL of the part that is worked on."""

_HELD: Final = 10
HARRIED: Final = "journal"
"""The queue that a foreign consumer takes from, and never handles anything of."""
_TURNS: Final = 3
"""A message that is put back counts as failed, and is given up after five failures."""


async def stopped(site: Site, url: str) -> None:
    """Stop the server properly, and start it again."""
    await site.restart(killed=False)


async def killed(site: Site, url: str) -> None:
    """Kill the server, and start it again."""
    await site.restart(killed=True)


def hung(seconds: float) -> Fault:
    """Return a fault that has the server hang for a time."""

    async def strike(site: Site, url: str) -> None:
        site.server.suspend()
        await asyncio.sleep(seconds)
        site.server.resume()

    return strike


def cut(way: Way, seconds: float) -> Fault:
    """Return a fault that drops packets for a time."""

    async def strike(site: Site, url: str) -> None:
        assert site.place is not None
        await asyncio.to_thread(site.place.cut, way)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(site.place.heal)

    return strike


async def alarmed(site: Site, url: str) -> None:
    """Have RabbitMQ take nothing for a while, for want of memory."""
    assert isinstance(site.server, RabbitMQ)
    await _set_memory(site.server, "0.00001")
    await asyncio.sleep(2.0)
    await _set_memory(site.server, "0.4")


async def _set_memory(server: RabbitMQ, share: str) -> None:
    await asyncio.to_thread(server.ctl, "set_vm_memory_high_watermark", share)


async def harried(site: Site, url: str) -> None:
    """Have a client that is none of ours take messages and put them back, many times."""
    if isinstance(site.server, ActiveMQ):
        await _harry_over_stomp(site.server, url)
    else:
        await _harry_over_amqp(url)


async def _harry_over_amqp(url: str) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        queue = await channel.get_queue(HARRIED, ensure=False)
        for _ in range(_TURNS):
            taken = [await queue.get(fail=False) for _ in range(_HELD)]
            for message in filter(None, taken):
                await message.nack(requeue=True)


async def _harry_over_stomp(server: ActiveMQ, url: str) -> None:
    destination = f"/queue/{url.rpartition('/')[2]}.{HARRIED}"
    for _ in range(_TURNS):
        async with stomp(server) as connection:
            wanted = {"id": "1", "destination": destination, "ack": "client"}
            connection.send(
                "SUBSCRIBE", {**wanted, "activemq.prefetchSize": str(_HELD)}
            )
            assert (await connection.frame()).command == "MESSAGE"
