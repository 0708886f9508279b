"""RabbitMQ, as the contract suite wants it: a virtual host for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager

import aio_pika
from aio_pika.abc import AbstractConnection, AbstractIncomingMessage, HeadersType

from recado.message import Message
from recado.transport.copies import numbered, received
from tests.brokers import RabbitMQ
from tests.brokers.management import asked, vhost
from tests.transport.broker import Broker
from tests.transport.differences import RABBITMQ
from tests.transport.wired import Wired

_COUNT = "x-delivery-count"


class RabbitMQBroker(Wired):
    """A virtual host with nothing in it."""

    differences = RABBITMQ

    def __init__(self, server: RabbitMQ, vhost: str) -> None:
        super().__init__(server, vhost)
        self._server = server
        self._looking: AbstractConnection | None = None

    async def look(self, queue: str) -> list[Message]:
        """Take all that is ready, and put copies in its place: AMQP has no other way."""
        if self._looking is None:
            self._looking = await aio_pika.connect(self._server.url_with(self.path))
        channel = await self._looking.channel(on_return_raises=True)
        place = await channel.get_queue(queue, ensure=False)
        taken: list[AbstractIncomingMessage] = []
        while (one := await place.get(fail=False)) is not None:
            taken.append(one)
        for one in taken:
            await channel.default_exchange.publish(_copy(one), queue)
        if taken:
            await taken[-1].ack(multiple=True)
        await channel.close()
        return [Message(one.body, received(_strings(one.headers))[0]) for one in taken]

    async def subscriptions(self, topic: str) -> int:
        path = f"/exchanges/{self.path}/{topic}/bindings/source"
        return len(await asyncio.to_thread(asked, self._server, "GET", path))

    async def close(self) -> None:
        await super().close()
        if self._looking is not None:
            await self._looking.close()


def _copy(taken: AbstractIncomingMessage) -> aio_pika.Message:
    """Return a message that counts the crashes which the broker counted."""
    crashes = int(str(taken.headers.get(_COUNT, 0)))
    own, attempt, is_suspect = received(_strings(taken.headers))
    headers = numbered(own, attempt + crashes, suspect=is_suspect or crashes > 0)
    return aio_pika.Message(
        taken.body,
        headers={**headers},
        delivery_mode=taken.delivery_mode,
        priority=taken.priority,
        correlation_id=taken.correlation_id,
        reply_to=taken.reply_to,
    )


def _strings(headers: HeadersType) -> dict[str, str]:
    return {name: str(value) for name, value in headers.items() if name != _COUNT}


@asynccontextmanager
async def rabbitmq_broker(server: RabbitMQ) -> AsyncGenerator[Broker]:
    """Make a virtual host for the length of a block."""
    async with AsyncExitStack() as stack:
        broker = RabbitMQBroker(server, stack.enter_context(vhost(server)))
        stack.push_async_callback(broker.close)
        yield broker
