"""The embedded broker, as the contract suite wants it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from pathlib import Path

from recado.message import Message
from recado.transport import Transport, make_transport
from recado.transport.embedded import EmbeddedTransport
from tests.transport.broker import Broker
from tests.transport.differences import EMBEDDED


class EmbeddedBroker:
    """A broker in a file; its clock goes on as it should, and faster on demand."""

    differences = EMBEDDED

    def __init__(self, folder: Path, durability: str = "disk") -> None:
        self._path = folder / "broker.db"
        self._durability = durability
        self._ahead_s = 0.0
        self._open: list[EmbeddedTransport] = []
        self._looking: Transport | None = None

    def url(self, *, lease_s: float | None = None, ceiling: int | None = None) -> str:
        options = [f"durability={self._durability}"]
        options += [f"lease={lease_s}"] if lease_s is not None else []
        options += [f"ceiling={ceiling}"] if ceiling is not None else []
        return f"sqlite:///{self._path}?{'&'.join(options)}"

    async def open(
        self, *, lease_s: float | None = None, ceiling: int | None = None
    ) -> Transport:
        url = self.url(lease_s=lease_s, ceiling=ceiling)
        transport = make_transport(url, clock=self._now)
        assert isinstance(transport, EmbeddedTransport)
        await transport.open()
        self._open.append(transport)
        return transport

    async def abandon(self, transport: Transport) -> None:
        assert isinstance(transport, EmbeddedTransport)
        self._open.remove(transport)
        await transport.abandon()

    async def advance(self, seconds: float) -> None:
        self._ahead_s += seconds
        for transport in self._open:
            transport.poke()

    async def look(self, queue: str) -> list[Message]:
        if self._looking is None:
            self._looking = await self.open()
        found = await self._looking.browse(queue, limit=10_000)
        return [each.message for each in found]

    async def subscriptions(self, topic: str) -> int:
        with closing(sqlite3.connect(self._path)) as database:
            (count,) = database.execute(
                "SELECT count(*) FROM queue WHERE topic = ?", (topic,)
            ).fetchone()
        return int(count)

    async def close(self) -> None:
        for transport in self._open:
            await transport.close()

    def _now(self) -> float:
        return time.time() + self._ahead_s


@asynccontextmanager
async def embedded_broker(
    folder: Path, durability: str = "disk"
) -> AsyncGenerator[Broker]:
    """Make a broker for the length of a block."""
    broker = EmbeddedBroker(folder, durability)
    try:
        yield broker
    finally:
        await broker.close()
