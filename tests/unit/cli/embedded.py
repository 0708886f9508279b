"""An embedded broker beside the command: what is put into it, and what is found there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from recado.message import Message, Outgoing
from recado.transport import Browsed, Transport, make_transport


@dataclass(frozen=True, slots=True)
class Embedded:
    """The broker that the command uses in a folder; each call is a connection of its own."""

    folder: Path

    @property
    def url(self) -> str:
        """The broker's URL."""
        return f"sqlite:///{self.folder}/.recado/broker.db"

    def declare(self, *queues: str) -> None:
        """Declare queues."""

        async def declare(transport: Transport) -> None:
            await transport.declare(queues)

        asyncio.run(self._with(declare))

    def put(self, queue: str, *messages: Message, delay_s: float = 0.0) -> None:
        """Put messages into a queue, which is declared."""

        async def put(transport: Transport) -> None:
            await transport.declare([queue])
            await transport.publish(
                [Outgoing(queue, each, delay_s=delay_s) for each in messages]
            )

        asyncio.run(self._with(put))

    def holds(self, queue: str) -> Sequence[Browsed]:
        """Return what a queue holds."""
        found: list[Browsed] = []

        async def look(transport: Transport) -> None:
            found.extend(await transport.browse(queue, limit=100_000))

        asyncio.run(self._with(look))
        return found

    def ids(self, queue: str) -> list[str]:
        """Return the ids of what a queue holds."""
        return [each.message.id for each in self.holds(queue)]

    async def _with(self, work: Callable[[Transport], Awaitable[None]]) -> None:
        transport = make_transport(self.url)
        await transport.open()
        try:
            await work(transport)
        finally:
            await transport.close()
