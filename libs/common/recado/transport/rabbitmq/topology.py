"""The topology: which queues and exchanges are there, and making those that are not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

import structlog
from aiormq.abc import AbstractChannel
from aiormq.exceptions import (
    AMQPChannelError,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
)

from recado.errors import RefusedError, UnroutableError, nearest
from recado.transport.base import DEAD_LETTERS
from recado.transport.rabbitmq import arguments, ladder
from recado.transport.rabbitmq.link import Link
from recado.transport.rabbitmq.session import LostError, Session

log = structlog.get_logger()

R = TypeVar("R")

_SHARED: Final = "fanout"


class Topology:
    """Asks and declares on a channel of its own: errors close that one alone.

    What was seen once is taken to be there until the broker says otherwise.
    """

    def __init__(self, link: Link, ceiling: int) -> None:
        self._link = link
        self._ceiling = ceiling
        self._lock = asyncio.Lock()
        self._session: Session | None = None
        self._channel: AbstractChannel | None = None
        self._queues: set[str] = set()
        self._ours: set[str] = set()
        """Queues that this process was told to declare: it does so again."""
        self._exchanges: set[str] = set()
        self._levels = -1
        self._targets: set[str] = set()
        self._different: set[str] = set()

    def knows(self, queues: Iterable[str]) -> bool:
        """Whether all the queues are known to be there."""
        return self._queues.issuperset(queues)

    def knows_topic(self, topic: str) -> bool:
        """Whether a topic's exchange is known to be there."""
        return topic in self._exchanges

    def knows_way(self, level: int, target: str) -> bool:
        """Whether the ladder is known to reach so high, and to lead to a queue."""
        return level <= self._levels and target in self._targets

    def forget(self, queues: Iterable[str] = ()) -> None:
        """Look again: these queues are gone, and perhaps exchanges."""
        self._queues.difference_update(queues)
        self._exchanges.clear()
        self._targets.clear()
        self._levels = -1

    def undeclared(self, queue: str) -> UnroutableError:
        """Return the error for a queue that is not there."""
        return UnroutableError(
            f"nobody has declared a queue {queue!r}{nearest(queue, self._queues)}"
        )

    # Queues

    async def declare(self, queues: Sequence[str]) -> None:
        """Make sure that queues are there, and ``dlq``, where they send what dies."""
        wanted = dict.fromkeys([DEAD_LETTERS, *queues])
        self._ours.update(wanted)
        for queue in wanted:
            if queue not in self._queues:
                await self._ask(partial(self._declare, queue))

    async def _declare(self, queue: str, session: Session) -> None:
        wanted = arguments.queue(queue, self._ceiling, session.version)
        channel = await self._scratch(session)
        try:
            await channel.queue_declare(queue, durable=True, arguments=wanted)
        except ChannelPreconditionFailed as error:
            if not await self._exists(queue, session):
                raise RefusedError(f"queue {queue!r}: {error}") from error
            if queue not in self._different:
                self._different.add(queue)
                log.warning("transport.queue_differs", queue=queue, reason=str(error))
        self._queues.add(queue)

    async def missing(self, queues: Iterable[str]) -> list[str]:
        """Return those of the queues that are not there."""
        unknown = [each for each in dict.fromkeys(queues) if each not in self._queues]
        return [
            queue
            for queue in unknown
            if not await self._ask(partial(self._exists, queue))
        ]

    async def _exists(self, queue: str, session: Session) -> bool:
        return await self._count(queue, session) is not None

    async def ready(self, queue: str) -> int | None:
        """Return how many messages of a queue are ready; none if it is not there."""
        return await self._ask(partial(self._count, queue))

    async def _count(self, queue: str, session: Session) -> int | None:
        channel = await self._scratch(session)
        try:
            found = await channel.queue_declare(queue, passive=True)
        except ChannelNotFoundEntity:
            self._queues.discard(queue)
            return None
        self._queues.add(queue)
        return found.message_count or 0

    async def restore(self, queue: str) -> bool:
        """Return whether a queue is there, made again if this process has made it."""
        self._queues.discard(queue)
        if not await self.missing([queue]):
            return True
        if queue not in self._ours:
            return False
        log.warning("transport.queue_restored", queue=queue)
        await self.declare([queue])
        return True

    # Queues of this process's own

    async def add_temporary(self, session: Session, topic: str | None) -> str:
        """Make a queue that goes away with the session; return its name."""
        if topic is not None:
            await self.add_topic(topic)

        async def add(session: Session) -> str:
            channel = await self._scratch(session)
            added = await channel.queue_declare("", exclusive=True)
            assert added.queue is not None
            if topic is not None:
                await channel.queue_bind(added.queue, topic)
            return added.queue

        return await self._locked(session, add)

    async def drop(self, queue: str) -> None:
        """Delete a queue of this process's own."""

        async def drop(session: Session) -> None:
            await (await self._scratch(session)).queue_delete(queue)

        await self._ask(drop)

    async def add_hold(self, name: str, target: str) -> None:
        """Make a queue for what this process holds for long, out of a target's messages."""

        async def add(session: Session) -> None:
            channel = await self._scratch(session)
            await channel.queue_declare(
                name, durable=True, arguments=arguments.hold(target)
            )

        await self._ask(add)

    # Exchanges

    async def add_topic(self, topic: str) -> None:
        """Make sure that a topic's exchange is there, whoever has made it."""

        async def add(session: Session) -> None:
            channel = await self._scratch(session)
            try:
                await channel.exchange_declare(topic, passive=True)
            except ChannelNotFoundEntity:
                channel = await self._scratch(session)
                await channel.exchange_declare(
                    topic, exchange_type=_SHARED, durable=True
                )
            self._exchanges.add(topic)

        await self._ask(add)

    async def add_way(self, level: int, target: str) -> None:
        """Make sure that the ladder reaches so high, and leads to a queue."""

        async def add(session: Session) -> None:
            channel = await self._scratch(session)
            await channel.exchange_declare(
                ladder.EXIT, exchange_type="topic", durable=True
            )
            for each in range(self._levels + 1, level + 1):
                await _add_level(channel, each)
                self._levels = each
            await channel.queue_bind(target, ladder.EXIT, f"#.{ladder.word(target)}")
            self._targets.add(target)

        await self._ask(add)

    # Asking

    async def _ask(self, act: Callable[[Session], Coroutine[Any, Any, R]]) -> R:
        """Return what comes of it, asked again if the connection goes meanwhile.

        Raises:
            RefusedError: if the broker does not allow it.
        """
        while True:
            session = await self._link.up()
            try:
                return await self._locked(session, act)
            except LostError:
                if not session.is_lost:  # it was the channel alone
                    self._channel = None
                    await asyncio.sleep(0.1)

    async def _locked(
        self, session: Session, act: Callable[[Session], Awaitable[R]]
    ) -> R:
        async def asked() -> R:
            async with self._lock:
                return await act(session)

        try:
            return await session.call(asked())
        except AMQPChannelError as error:
            raise RefusedError(f"the broker does not allow it: {error}") from error

    async def _scratch(self, session: Session) -> AbstractChannel:
        channel = self._channel
        if channel is None or channel.is_closed or self._session is not session:
            self._session = session
            self._channel = channel = await session.channel()
        return channel


async def _add_level(channel: AbstractChannel, level: int) -> None:
    """Make a level of the ladder: an exchange, its queue, and the way around it."""
    name, below = ladder.level_name(level), ladder.below(level)
    waits, passes = ladder.patterns(level)
    await channel.exchange_declare(name, exchange_type="topic", durable=True)
    await channel.queue_declare(name, durable=True, arguments=arguments.step(level))
    await channel.queue_bind(name, name, waits)
    await channel.exchange_bind(below, name, passes)
