"""Deleting: what holds something, or is used, stays unless somebody agreed to its end."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlsplit

from recado.errors import ManagementError, RecadoError
from recado.management import Management, Queue, VirtualHost
from recado.management.objects import Thing
from recado.transport.rabbitmq import Look, looking
from recado_cli.output import count

REFUSED = 400


class Deleter:
    """Deletes things; ``nonempty`` says whether those that hold something as well.

    RabbitMQ deletes classic queues on the condition that they are empty and unused, and no
    others. Its statistics lag by seconds, so of others the broker itself is asked before.
    """

    def __init__(self, management: Management, broker: str, *, nonempty: bool) -> None:
        self._management = management
        self._broker = broker
        self._nonempty = nonempty
        self._looks: dict[str, Look] = {}
        self._turn = asyncio.Lock()
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    async def delete(self, thing: Thing) -> None:
        """Delete a thing.

        Raises:
            ManagementError: if the server refuses, or something would be lost.
        """
        if not self._nonempty:
            if isinstance(thing, Queue) and thing.type == "classic":
                await self._management.delete_unused(thing)
                return
            if reason := await self._reason_to_keep(thing):
                raise ManagementError(REFUSED, reason)
        await self._management.delete(thing)

    async def _reason_to_keep(self, thing: Thing) -> str:
        if isinstance(thing, VirtualHost):
            queues = await self._management.queues(thing.name)
            return f"it has {count(len(queues), 'queue')}" if queues else ""
        if not isinstance(thing, Queue):
            return ""
        if thing.type == "stream":
            return "it is a stream, and nobody can tell whether it is still read"
        if thing.messages:
            return f"it holds {count(thing.messages, 'message')}"
        return await self._reason_now(thing)

    async def _reason_now(self, queue: Queue) -> str:
        if not self._broker.startswith(("amqp:", "amqps:")):
            return "only the broker can tell whether it is empty: name it by --broker"
        try:
            usage = await (await self._look(queue.vhost)).at(queue.name)
        except RecadoError as error:
            return f"nobody can tell whether it is empty: {error}"
        if usage is None or not (usage.ready or usage.consumers):
            return ""
        held, used = count(usage.ready, "message"), count(usage.consumers, "consumer")
        return f"it holds {held}, and has {used}"

    async def _look(self, vhost: str) -> Look:
        async with self._turn:
            if vhost not in self._looks:
                url = urlsplit(self._broker)._replace(path=f"/{quote(vhost, safe='')}")
                look = await self._stack.enter_async_context(looking(url.geturl()))
                self._looks[vhost] = look
            return self._looks[vhost]
