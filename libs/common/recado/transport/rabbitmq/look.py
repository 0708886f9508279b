"""A look at queues as they are now: what the management interface tells seconds later."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiormq.abc import AbstractChannel
from aiormq.exceptions import ChannelNotFoundEntity

from recado.errors import DisconnectedError
from recado.transport.rabbitmq.link import Link
from recado.transport.rabbitmq.scratch import Scratch
from recado.transport.rabbitmq.session import ANSWER_S
from recado.transport.rabbitmq.url import read_url


@dataclass(frozen=True, slots=True)
class Usage:
    """How many messages of a queue are ready, and how many consume it."""

    ready: int
    consumers: int


class Look:
    """Asks a virtual host about its queues, on a connection of its own."""

    def __init__(self, link: Link) -> None:
        self._link = link
        self._scratch = Scratch(link)

    async def at(self, queue: str) -> Usage | None:
        """Return how a queue is used at this moment; none if it is not there.

        Raises:
            RefusedError: if the user may not look.
            DisconnectedError: if the broker does not tell for a while.
        """

        async def look(channel: AbstractChannel) -> Usage | None:
            try:
                found = await channel.queue_declare(queue, passive=True)
            except ChannelNotFoundEntity:
                return None
            return Usage(found.message_count or 0, found.consumer_count or 0)

        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._scratch.ask(queue, look)
        except TimeoutError as error:
            raise DisconnectedError(
                f"the broker did not tell within {ANSWER_S:g} s who uses {queue!r}"
            ) from error


@asynccontextmanager
async def looking(url: str) -> AsyncGenerator[Look]:
    """Be connected to look at the queues of a URL's virtual host.

    Raises:
        ConfigError: if the broker does not let the user in.
        DisconnectedError: if it is away.
    """
    link = Link(read_url(url), "looking")
    try:
        await link.open()
        yield Look(link)
    finally:
        await link.close()
