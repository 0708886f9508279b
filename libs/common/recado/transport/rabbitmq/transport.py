"""RabbitMQ through aio-pika.

What recado declares there, and what it does about the things that RabbitMQ does
differently, is in ``docs/explanation/rabbitmq.md``.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import structlog

from recado.errors import (
    DisconnectedError,
    TransportError,
    UnroutableError,
    UnsupportedError,
)
from recado.message import Message, Outgoing
from recado.transport.base import (
    Browsed,
    Deliver,
    Delivery,
    Depth,
    Settlement,
)
from recado.transport.base import (
    Topology as Mode,
)
from recado.transport.rabbitmq import ladder, parcels
from recado.transport.rabbitmq.consumer import RabbitConsumer
from recado.transport.rabbitmq.link import Link
from recado.transport.rabbitmq.parcels import exchange_of, place_of
from recado.transport.rabbitmq.publisher import Publisher, ReturnedError
from recado.transport.rabbitmq.session import Session
from recado.transport.rabbitmq.settling import Settling
from recado.transport.rabbitmq.topology import Topology
from recado.transport.rabbitmq.url import read_url
from recado.transport.replies import Replies
from recado.transport.routing import all_undeclared
from recado.transport.sizes import check_sizes

log = structlog.get_logger()

PUT_BACK_S: Final = 3.0
"""How long what is held may take to be put back; after that it goes back by itself."""
CHECK_S: Final = 15.0
"""How often a consumer that gets nothing is checked."""
_STRIKES: Final = 2


class RabbitTransport:
    """A process's connections to RabbitMQ: one to publish, one for all the rest."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._address = read_url(url)
        self.clock = clock
        self.ceiling: int = self._address.options.get("ceiling", 20)
        self.hold_s: float = self._address.options.get("hold", 600.0)
        self.consuming = Link(self._address, "consuming")
        self.publishing = Link(self._address, "publishing")
        self.topology = Topology(self.consuming, self.ceiling)
        self._publisher: Publisher | None = None
        self._consumers: dict[RabbitConsumer, int] = {}
        """By consumer: how many checks in a row it did not stand."""
        self._leaving: set[RabbitConsumer] = set()
        """Cancelled ones, which may hold something still."""
        self._replies = Replies(self, self._consume_replies)
        self._checking: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None
        self._is_open = False

    @property
    def is_alive(self) -> bool:
        """Whether both connections are there, and every consumer consumes."""
        return (
            self._is_open
            and self._publisher is not None
            and self._publisher.is_ready
            and self.consuming.session is not None
            and all(
                consumer.is_consuming and not strikes
                for consumer, strikes in self._consumers.items()
            )
        )

    @property
    def is_blocked(self) -> bool:
        """Whether the broker takes nothing for now: its memory or disk is short."""
        return self._publisher is not None and self._publisher.is_blocked

    @property
    def publisher(self) -> Publisher:
        """What publishes.

        Raises:
            DisconnectedError: if the transport is not open.
        """
        if self._publisher is None:
            raise DisconnectedError(f"{self._address.shown} is not open")
        return self._publisher

    # Life

    async def open(self) -> None:
        """Connect."""
        if self._is_open:
            return
        try:
            await self.consuming.open()
            await self.publishing.open()
        except BaseException:
            await self.consuming.close()
            await self.publishing.close()
            raise
        self._publisher = Publisher(
            self.publishing, self._address.shown, self.topology.forget
        )
        await self._publisher.started()
        self._checking = asyncio.create_task(self._check())
        self._is_open = True

    async def close(self) -> None:
        """Put back, unharmed, what is held, and let go of the connections."""
        if not self._is_open:
            return
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._replies.close(self._address.shown)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PUT_BACK_S):
                await asyncio.gather(*(each.cancel() for each in self._consumers))
                await asyncio.gather(*(each.release() for each in self._all))
        await self._end()

    @property
    def _all(self) -> list[RabbitConsumer]:
        return [*self._consumers, *self._leaving]

    async def _end(self) -> None:
        self._is_open = False
        publisher, self._publisher = self._publisher, None
        if self._checking is not None:
            self._checking.cancel()
        if publisher is not None:
            await publisher.close()
        # At once: who waits for an answer gets none when the connections have gone.
        await asyncio.gather(
            *(each.close() for each in self._all),
            self.consuming.close(),
            self.publishing.close(),
        )
        self._consumers.clear()
        self._leaving.clear()
        self._closing = None

    async def __aenter__(self) -> RabbitTransport:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Writing

    async def declare(self, queues: Sequence[str], mode: Mode = "declare") -> None:
        """Make sure that queues exist."""
        self._check_open()
        if mode == "declare":
            await self.topology.declare(queues)
        elif mode == "verify":
            missing = await self.topology.missing(queues)
            if missing:
                raise all_undeclared(missing)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return when all the messages are confirmed."""
        self._check_open()
        if not messages:
            return
        unknown = await self.prepare(messages)
        if unknown:
            raise self.topology.undeclared(unknown[0])
        now = self.clock()
        try:
            await self.publisher.publish([parcels.parcel(it, now) for it in messages])
        except ReturnedError as error:
            self.topology.forget(error.queues)
            raise self.topology.undeclared(error.queues[0]) from None

    async def prepare(self, messages: Sequence[Outgoing]) -> list[str]:
        """Make ready what the messages go through; return queues that are not there."""
        check_sizes(messages)
        topology = self.topology
        direct = [it for it in messages if not (it.exchange and exchange_of(it))]
        queues = {it.queue for it in direct if it.mandatory and not it.is_topic}
        missing = [] if topology.knows(queues) else await topology.missing(queues)
        if len(direct) < len(messages):
            missing += await self._without_exchange(messages)
        if missing:
            return missing
        for each in messages:
            if each.is_topic:
                if not topology.knows_topic(each.queue):
                    await topology.add_topic(each.queue)
            elif each.delay_s > 0:
                await self.prepare_way(each.queue, each.delay_s)
        return []

    async def _without_exchange(self, messages: Sequence[Outgoing]) -> list[str]:
        return [
            place_of(each)
            for each in messages
            if (exchange := exchange_of(each))
            and not await self.topology.has_exchange(exchange)
        ]

    async def prepare_way(self, queue: str, delay_s: float) -> None:
        """Make sure that a delayed message finds its way to a queue."""
        level = ladder.way(delay_s, queue).level
        if not self.topology.knows_way(level, queue):
            await self.topology.add_way(level, queue)

    async def settle(
        self, settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
    ) -> None:
        """End many deliveries: what is sent is confirmed, then they are acknowledged."""
        self._check_open()
        await Settling(self, settlements, outgoing).run()

    def begin(self, delivery: Delivery) -> None:
        """Note nothing: RabbitMQ gives back what was held, begun or not."""

    def _check_open(self) -> None:
        if not self._is_open:
            raise DisconnectedError(
                f"the connection to {self._address.shown} is closed"
            )

    # Consuming

    async def consume(
        self, queue: str, deliver: Deliver, *, prefetch: int = 100
    ) -> RabbitConsumer:
        """Have a queue's messages delivered, up to ``prefetch`` of them unsettled."""
        self._check_open()
        if await self.topology.missing([queue]):
            raise self.topology.undeclared(queue)

        async def prepare(_: Session) -> str | None:
            return queue if await self.topology.restore(queue) else None

        return await self._join(RabbitConsumer(self, queue, prepare, deliver, prefetch))

    async def subscribe(
        self, topic: str, deliver: Deliver, *, prefetch: int = 100
    ) -> RabbitConsumer:
        """Have a copy of each message of a topic delivered from now on."""
        self._check_open()
        return await self._join(
            RabbitConsumer(
                self, topic, self._temporary(topic), deliver, prefetch, is_fleeting=True
            )
        )

    async def _consume_replies(self) -> RabbitConsumer:
        return await self._join(
            RabbitConsumer(
                self,
                "replies",
                self._temporary(None),
                self._take_replies,
                1_000,
                is_fleeting=True,
            )
        )

    def _temporary(
        self, topic: str | None
    ) -> Callable[[Session], Awaitable[str | None]]:
        async def prepare(session: Session) -> str | None:
            return await self.topology.add_temporary(session, topic)

        return prepare

    def _take_replies(self, deliveries: Sequence[Delivery]) -> None:
        self._replies(deliveries)
        deliveries[0].tag.consumer.end(deliveries)

    async def _join(self, consumer: RabbitConsumer) -> RabbitConsumer:
        self._consumers[consumer] = 0
        try:
            await consumer.started()
        except BaseException:
            self._consumers.pop(consumer, None)
            await consumer.close()
            raise
        return consumer

    async def cancelled(self, consumer: RabbitConsumer) -> None:
        """Forget a consumer; a temporary queue goes with it."""
        self._consumers.pop(consumer, None)
        self._leaving = {it for it in self._leaving if not it.is_closed} | {consumer}
        if consumer.is_fleeting and self._closing is None:
            await self.topology.drop(consumer.queue)

    async def _check(self) -> None:
        """Rebuild consumers that are alive by all appearances, and get nothing."""
        arrivals: dict[RabbitConsumer, int] = {}
        while True:
            await asyncio.sleep(CHECK_S)
            before = arrivals
            arrivals = {each: each.arrivals for each in self._consumers}
            await asyncio.gather(
                *(
                    self._check_one(each, idle=before.get(each) == seen)
                    for each, seen in arrivals.items()
                )
            )

    async def _check_one(self, consumer: RabbitConsumer, *, idle: bool) -> None:
        seen = consumer.arrivals
        waits = idle and await self._waits(consumer)
        if consumer not in self._consumers:
            return
        if not waits or consumer.arrivals != seen:
            self._consumers[consumer] = 0
            return
        self._consumers[consumer] += 1
        if self._consumers[consumer] == _STRIKES:
            self._consumers[consumer] = 0
            log.warning("transport.zombie", queue=consumer.queue)
            consumer.rebuild()

    async def _waits(self, consumer: RabbitConsumer) -> bool:
        """Return whether the broker has something for a consumer that could take it."""
        try:
            return consumer.has_room and bool(await self.topology.ready(consumer.queue))
        except TransportError:  # it does not tell
            return False

    # Requests

    async def request(
        self, queue: str, message: Message, *, timeout_s: float = 5.0
    ) -> Message:
        """Send a request and return the reply to it."""
        self._check_open()
        return await self._replies.request(queue, message, timeout_s)

    # Looking

    async def browse(
        self, queue: str, *, limit: int = 100, after: int = 0
    ) -> list[Browsed]:
        """Say that it cannot be done."""
        raise UnsupportedError(
            f"RabbitMQ cannot show the messages of {queue!r} without taking them;"
            " `recado dlq` shows dead letters"
        )

    async def depth(self, queue: str) -> Depth:
        """Return how many messages are ready: AMQP does not tell of any others."""
        self._check_open()
        ready = await self.topology.ready(queue)
        if ready is None:
            raise self.topology.undeclared(queue)
        return Depth(ready, 0, 0)

    async def depths(self, queues: Sequence[str] = ()) -> dict[str, Depth]:
        """Return the depths of queues that are named: AMQP cannot list any."""
        depths: dict[str, Depth] = {}
        for queue in dict.fromkeys(queues):
            with contextlib.suppress(UnroutableError):
                depths[queue] = await self.depth(queue)
        return depths

    async def dead_letter_queues(self) -> list[str]:
        """Say that it cannot be done."""
        raise UnsupportedError("RabbitMQ cannot list queues over AMQP")
