"""ActiveMQ, as the contract suite wants it: names of its own for each test."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import uuid4

from recado.message import Message
from recado.transport import Transport, make_transport
from tests.brokers import ActiveMQ
from tests.brokers.stomp import stomp
from tests.transport.broker import Broker
from tests.transport.differences import ACTIVEMQ
from tests.transport.wired import Wired

_CONSUMERS = "/topic/ActiveMQ.Advisory.Consumer.Topic."


class ActiveMQBroker(Wired):
    """A prefix that no other test's names have."""

    differences = ACTIVEMQ

    def __init__(self, server: ActiveMQ) -> None:
        super().__init__(server, uuid4().hex[:8])
        self._server = server
        self._looking: Transport | None = None

    async def look(self, queue: str) -> list[Message]:
        if self._looking is None:
            self._looking = make_transport(self.url())
            await self._looking.open()
        found = await self._looking.browse(queue, limit=10_000)
        return [each.message for each in found]

    async def subscriptions(self, topic: str) -> int:
        """Count what the broker tells of consumers: of those that are there, at once."""
        end = f"/topic/{uuid4()}"
        async with stomp(self._server) as connection:
            topic = f"{_CONSUMERS}{self.path}.{topic}"
            found = {"id": "found", "destination": topic, "transformation": "none"}
            connection.send("SUBSCRIBE", found)
            connection.send("SUBSCRIBE", {"id": "end", "destination": end})
            connection.send("SEND", {"destination": end})
            count = 0
            while (await connection.frame()).headers["subscription"] == "found":
                count += 1
        return count

    async def close(self) -> None:
        await super().close()
        if self._looking is not None:
            await self._looking.close()


@asynccontextmanager
async def activemq_broker(server: ActiveMQ) -> AsyncGenerator[Broker]:
    """Take names for the length of a block."""
    broker = ActiveMQBroker(server)
    try:
        yield broker
    finally:
        await broker.close()
