"""The topology: which queues and exchanges are there, and making those that are not."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial

import structlog
from aiormq.abc import AbstractChannel
from aiormq.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed

from recado.errors import DisconnectedError, RefusedError, UnroutableError
from recado.transport.base import DEAD_LETTERS
from recado.transport.rabbitmq import arguments, ladder
from recado.transport.rabbitmq.link import Link
from recado.transport.rabbitmq.scratch import Scratch
from recado.transport.rabbitmq.session import ANSWER_S, LostError, Session
from recado.transport.routing import undeclared

log = structlog.get_logger()


class Topology:
    """Asks and declares, away from the channels that messages go through.

    What was seen once is taken to be there until the broker says otherwise.
    """

    def __init__(self, link: Link, ceiling: int) -> None:
        self._link = link
        self._ceiling = ceiling
        self._scratch = Scratch(link)
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
        return undeclared(queue, self._queues)

    # Queues

    async def declare(self, queues: Sequence[str]) -> None:
        """Make sure that queues are there, and ``dlq``, where they send what dies."""
        wanted = dict.fromkeys([DEAD_LETTERS, *queues])
        self._ours.update(wanted)
        for queue in wanted:
            if queue not in self._queues:
                await self._declare(queue)

    async def add_dead_letters(self) -> None:
        """Make sure that ``dlq`` is there; if it is, no right to declare is needed."""
        if await self.missing([DEAD_LETTERS]):
            await self.declare(())

    async def _declare(self, queue: str) -> None:
        version = (await self._link.up()).version
        wanted = arguments.queue(queue, self._ceiling, version)

        async def declare(channel: AbstractChannel) -> str:
            try:
                await channel.queue_declare(queue, durable=True, arguments=wanted)
            except ChannelPreconditionFailed as error:
                return str(error)
            return ""

        refusal = await self._scratch.ask(queue, declare)
        if refusal:
            if not await self._exists(queue):
                raise RefusedError(f"queue {queue!r}: {refusal}")
            if queue not in self._different:
                self._different.add(queue)
                log.warning("transport.queue_differs", queue=queue, reason=refusal)
        self._queues.add(queue)

    async def missing(self, queues: Iterable[str]) -> list[str]:
        """Return those of the queues that are not there."""
        return [
            queue
            for queue in dict.fromkeys(queues)
            if queue not in self._queues and not await self._exists(queue)
        ]

    async def _exists(self, queue: str) -> bool:
        return await self._count(queue) is not None

    async def ready(self, queue: str) -> int | None:
        """Return how many messages of a queue are ready; none if it is not there.

        Raises:
            DisconnectedError: if the broker does not tell for a while.
        """
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._count(queue)
        except TimeoutError as error:
            raise DisconnectedError(
                f"the broker did not tell within {ANSWER_S:g} s what {queue!r} holds"
            ) from error

    async def _count(self, queue: str) -> int | None:
        async def count(channel: AbstractChannel) -> int | None:
            try:
                found = await channel.queue_declare(queue, passive=True)
            except ChannelNotFoundEntity:
                return None
            except (ValueError, TypeError):  # there can be no such name
                return None
            return found.message_count or 0

        ready = await self._scratch.ask(queue, count)
        if ready is None:
            self._queues.discard(queue)
        else:
            self._queues.add(queue)
        return ready

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

        async def add(channel: AbstractChannel) -> str:
            added = await channel.queue_declare("", exclusive=True)
            assert added.queue is not None
            if topic is not None:
                await channel.queue_bind(added.queue, topic)
            return added.queue

        return await self._scratch.ask_once(session, add)

    async def drop(self, queue: str) -> None:
        """Delete a queue of this process's own, unless it went with its session."""

        async def drop(channel: AbstractChannel) -> None:
            await channel.queue_delete(queue)

        if (session := self._link.session) is not None:
            with suppress(LostError):
                await self._scratch.ask_once(session, drop)

    async def add_hold(self, name: str, target: str) -> None:
        """Make a queue for what this process holds for long, out of a target's messages."""
        wanted = arguments.hold(target)

        async def add(channel: AbstractChannel) -> None:
            await channel.queue_declare(name, durable=True, arguments=wanted)

        await self._scratch.ask(name, add)

    # Exchanges

    async def has_exchange(self, exchange: str) -> bool:
        """Return whether there is an exchange of this name."""
        return exchange in self._exchanges or await self._find_exchange(exchange)

    async def add_topic(self, topic: str) -> None:
        """Make sure that a topic's exchange is there, whoever has made it.

        It is looked for in any case: a broker that was killed may have forgotten it.
        """

        async def add(channel: AbstractChannel) -> None:
            type_ = arguments.TOPIC
            await channel.exchange_declare(topic, exchange_type=type_, durable=True)

        if not await self._find_exchange(topic):
            await self._scratch.ask(topic, add)
            self._exchanges.add(topic)

    async def _find_exchange(self, exchange: str) -> bool:
        async def look(channel: AbstractChannel) -> bool:
            try:
                await channel.exchange_declare(exchange, passive=True)
            except ChannelNotFoundEntity:
                return False
            return True

        is_there = await self._scratch.ask(exchange, look)
        (self._exchanges.add if is_there else self._exchanges.discard)(exchange)
        return is_there

    async def add_way(self, level: int, target: str) -> None:
        """Make sure that the ladder reaches so high, and leads to a queue."""

        async def bind(channel: AbstractChannel) -> None:
            pattern = f"#.{ladder.word(target)}"
            await channel.queue_bind(target, ladder.EXIT, pattern)

        if self._levels < 0:
            await self._scratch.ask(ladder.EXIT, _add_exit)
        for each in range(self._levels + 1, level + 1):
            await self._scratch.ask(ladder.EXIT, partial(_add_level, each))
            self._levels = max(self._levels, each)
        await self._scratch.ask(target, bind)
        self._targets.add(target)


async def _add_exit(channel: AbstractChannel) -> None:
    """Make the exchange that the ladder ends in."""
    await channel.exchange_declare(ladder.EXIT, exchange_type="topic", durable=True)


async def _add_level(level: int, channel: AbstractChannel) -> None:
    """Make a level of the ladder: an exchange, its queue, and the way around it."""
    name, below = ladder.level_name(level), ladder.below(level)
    waits, passes = ladder.patterns(level)
    await channel.exchange_declare(name, exchange_type="topic", durable=True)
    await channel.queue_declare(name, durable=True, arguments=arguments.step(level))
    await channel.queue_bind(name, name, waits)
    await channel.exchange_bind(below, name, passes)
