"""The bare aio-pika loop that the RabbitMQ transport is measured against.

Quorum queues, persistent messages, prefetch 100, uvloop. What has come is handled together:
its children and their report are published with all confirms under way at once, and each
message is acknowledged when they are there. Several such batches may be under way.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from typing import Final

import aio_pika
import uvloop
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage

from benchmarks.bare.work import Sent, handled

PREFETCH: Final = 100


async def publish(exchange: AbstractExchange, sent: Sequence[Sent]) -> None:
    """Return when all the messages are confirmed."""
    await asyncio.gather(
        *(
            exchange.publish(
                aio_pika.Message(
                    body, headers=dict(headers), delivery_mode=2, priority=4
                ),
                queue,
            )
            for queue, headers, body in sent
        )
    )


async def relay(url: str, name: str) -> None:
    """Carry messages from a queue to where the recipe sends them, until killed."""
    connection = await aio_pika.connect(url)
    out = await connection.channel(on_return_raises=True)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(name)
    waiting: list[AbstractIncomingMessage] = []
    loop = asyncio.get_running_loop()
    under_way: set[asyncio.Task[None]] = set()

    async def settle(batch: Sequence[AbstractIncomingMessage]) -> None:
        taken = [
            ({key: str(value) for key, value in each.headers.items()}, each.body)
            for each in batch
        ]
        await publish(out.default_exchange, handled(name, taken))
        for each in batch:
            await each.ack()

    def depart() -> None:
        batch = waiting.copy()
        waiting.clear()
        task = loop.create_task(settle(batch))
        under_way.add(task)
        task.add_done_callback(under_way.discard)

    async def take(message: AbstractIncomingMessage) -> None:
        if not waiting:
            loop.call_soon(depart)
        waiting.append(message)

    await queue.consume(take)
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(relay(*sys.argv[1:]))
