"""ActiveMQ, over STOMP.

What it promises, and what the broker has to be told for it, is in
``docs/explanation/activemq.md``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import groupby
from typing import Final

import structlog

from recado.errors import DisconnectedError, TransportError
from recado.ids import new_id
from recado.message import Message, Outgoing
from recado.transport.activemq.consumer import ActiveMQConsumer
from recado.transport.activemq.directory import Directory
from recado.transport.activemq.frames import Frame
from recado.transport.activemq.lane import Call, InterruptedCallError, Lane
from recado.transport.activemq.link import Link
from recado.transport.activemq.looking import Looking
from recado.transport.activemq.names import REPLIES, names_of
from recado.transport.activemq.reader import Reader
from recado.transport.activemq.sending import Sending, sending
from recado.transport.activemq.settling import Settling
from recado.transport.address import read_address
from recado.transport.base import (
    Browsed,
    Deliver,
    Delivery,
    Depth,
    Settlement,
    Topology,
)
from recado.transport.options import CEILING, seconds
from recado.transport.replies import Replies
from recado.transport.routing import all_undeclared
from recado.transport.sizes import check_sizes

log = structlog.get_logger()

PORT: Final = 61613
SECURE_PORT: Final = 61614
_CLOSE_S: Final = 5.0
_QUIET_S: Final = 0.05
_OPTIONS: Final = {"ceiling": CEILING, "heartbeat": seconds(0.2, 600)}


class ActiveMQTransport:
    """A process's connection to ActiveMQ."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._address = read_address(
            url, port=PORT, secure_port=SECURE_PORT, options=_OPTIONS
        )
        self.clock = clock
        self.names = names_of(self._address.path)
        self._name = self._address.shown
        self._link: Link | None = None
        self._lane: Lane | None = None
        self._looking = Looking(self.names, self._connected)
        self._consumers: list[ActiveMQConsumer] = []
        self._by_subscription: dict[str, ActiveMQConsumer] = {}
        self._replies = Replies(self, self._consume_replies)
        self._closing: asyncio.Task[None] | None = None
        self._ignores_delays = False

    @property
    def ceiling(self) -> int:
        """Deliveries of one message after which the transport gives it up."""
        return int(self._address.options.get("ceiling", 20))

    @property
    def is_alive(self) -> bool:
        """Whether the broker is there and every consumer of this process takes part."""
        return (
            self._link is not None
            and self._link.reader is not None
            and self._closing is None
            and all(each.is_subscribed for each in self._by_subscription.values())
        )

    @property
    def is_blocked(self) -> bool:
        """Whether the broker keeps what is sent waiting, as when its disk is full."""
        return self._lane is not None and self._lane.is_blocked

    @property
    def lane(self) -> Lane:
        """The way to change anything at the broker."""
        if self._lane is None:
            raise DisconnectedError(f"{self._name} is not open")
        return self._lane

    # Life

    async def open(self) -> None:
        """Connect."""
        if self._link is not None:
            return
        heartbeat_s = float(self._address.options.get("heartbeat", 5.0))
        link = Link(self._address, self, heartbeat_s)
        lane = Lane(self.clock, self._name)
        self._link, self._lane = link, lane
        self._directory = Directory(self.names, lane, self._looking)
        try:
            await link.connect()
            await self.restore(self._connected())
        except BaseException:
            link.abandon()
            self._link = self._lane = None
            raise

    async def close(self) -> None:
        """Put back, unharmed, what is held, and say goodbye."""
        if self._link is None:
            return
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(self._link, self.lane))
        await asyncio.shield(self._closing)

    async def _close(self, link: Link, lane: Lane) -> None:
        self._replies.close(self._name)
        if link.reader is not None:
            with suppress(TimeoutError, TransportError):
                async with asyncio.timeout(_CLOSE_S):
                    await self._put_back(lane)
        lane.close(DisconnectedError(f"the connection to {self._name} is closed"))
        await link.close()
        self._end()

    async def _put_back(self, lane: Lane) -> None:
        parked = [
            Call([each.put_back(delivery)], [delivery.tag])
            for each in self._consumers
            for delivery in each.parked
        ]
        await asyncio.gather(
            self.end(list(self._by_subscription.values()), keep=False),
            *(lane.do(call) for call in parked),
        )

    async def abandon(self) -> None:
        """Vanish as a process does that is killed: for tests of what others then do."""
        self._replies.close(self._name)
        if self._link is not None:
            self._link.abandon()
            self.lane.close(DisconnectedError(f"{self._name} was abandoned"))
        self._end()

    def _end(self) -> None:
        self._looking.interrupt()
        self._by_subscription.clear()
        self._consumers.clear()
        self._link = self._lane = self._closing = None

    async def __aenter__(self) -> ActiveMQTransport:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # What the link tells

    async def restore(self, reader: Reader) -> None:
        """Take up work on a connection that is new."""
        consumers = {id(each): each for each in self._by_subscription.values()}
        await asyncio.gather(*(each.begin(reader) for each in consumers.values()))
        self.lane.begin(reader)

    def interrupted(self) -> None:
        """Hear that the connection is lost: what came over it is no longer ours."""
        for consumer in self._consumers:
            consumer.lost()
        self._looking.interrupt()
        if self._lane is not None:
            self._lane.interrupt()

    def received(self, messages: Sequence[Frame]) -> None:
        """Take messages, each batch of a subscription together."""
        reader = self._connected()
        for subscription, frames in groupby(messages, _subscription):
            consumer = self._by_subscription.get(subscription)
            if consumer is not None:
                consumer.take(reader, list(frames))
            else:
                self._looking.take(subscription, list(frames))

    def faulted(self, text: str) -> bool:
        """Hear of an error that names no receipt; return whether to go on."""
        log.warning("transport.fault", broker=self._name, error=text)
        return self._lane is not None and self._lane.fault(text)

    def ignores_delays(self) -> None:
        """Note that the broker delivers delayed messages at once."""
        if not self._ignores_delays:
            self._ignores_delays = True
            log.error(
                "transport.ignores_delays",
                broker=self._name,
                wanted='schedulerSupport="true" in activemq.xml',
            )

    @property
    def reader(self) -> Reader | None:
        """The connection; none while there is none."""
        return self._link.reader if self._link is not None else None

    def _connected(self) -> Reader:
        reader = self.reader
        if reader is None:
            raise DisconnectedError(f"{self._name} is away, or not open")
        return reader

    # Writing

    async def declare(self, queues: Sequence[str], mode: Topology = "declare") -> None:
        """Make sure that queues exist."""
        self._connected()
        if mode == "declare":
            await self._directory.declare(queues)
        elif mode == "verify":
            missing = await self._directory.missing(queues)
            if missing:
                raise all_undeclared(missing)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return when all the messages are durable; all of them, or none."""
        check_sizes(messages)
        lane = self.lane
        missing = await self.missing(messages)
        sends = self.sends(messages, missing)
        if sends:
            await lane.do(Call(sends))

    async def settle(
        self, settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
    ) -> None:
        """End many deliveries in one transaction with all that is sent."""
        await Settling(self, settlements, outgoing).run()

    async def missing(self, outgoing: Sequence[Outgoing]) -> set[str]:
        """Return the queues of messages that nobody has declared."""
        unknown = self._directory.needs_a_look(outgoing)
        while unknown:
            try:
                return set(await self._directory.missing(unknown))
            except DisconnectedError:
                await self.lane.connected()
        return set()

    def sends(self, outgoing: Sequence[Outgoing], missing: set[str]) -> list[Sending]:
        """Return messages ready to be sent, without those that need not reach a queue.

        Raises:
            UnroutableError: for a mandatory message to a queue that is missing.
            RefusedError: for one that cannot be sent.
        """
        now = self.clock()
        names = self.names
        if missing:
            lost = [o for o in outgoing if not o.is_topic and o.queue in missing]
            for each in lost:
                if each.mandatory:
                    raise self._directory.undeclared(each.queue)
            outgoing = [each for each in outgoing if each not in lost]
        return [sending(each, names, now) for each in outgoing]

    def begin(self, delivery: Delivery) -> None:
        """Do nothing: the broker cannot be told what is being worked on."""

    # Consuming

    async def consume(
        self, queue: str, deliver: Deliver, *, prefetch: int = 100
    ) -> ActiveMQConsumer:
        """Have a queue's messages delivered, up to ``prefetch`` of them unsettled."""
        self._connected()
        await self._directory.check(queue)
        consumer = ActiveMQConsumer(
            self, queue, self.names.queue(queue), deliver, prefetch
        )
        return await self._join(consumer)

    async def subscribe(
        self, topic: str, deliver: Deliver, *, prefetch: int = 100
    ) -> ActiveMQConsumer:
        """Have a copy of each message of a topic delivered from now on."""
        return await self._listen(topic, self.names.topic(topic), deliver, prefetch)

    async def _consume_replies(self) -> ActiveMQConsumer:
        queue = f"{REPLIES}{new_id()}"
        return await self._listen(
            queue, self.names.queue(queue), self._take_replies, 1_000
        )

    def _take_replies(self, deliveries: Sequence[Delivery]) -> None:
        self._replies(deliveries)
        tags = [each.tag for each in deliveries]
        with suppress(DisconnectedError):
            self.lane.submit(Call([], tags))

    async def _listen(
        self, queue: str, destination: str, deliver: Deliver, prefetch: int
    ) -> ActiveMQConsumer:
        self._connected()
        consumer = ActiveMQConsumer(
            self, queue, destination, deliver, prefetch, is_topic=True
        )
        return await self._join(consumer)

    async def _join(self, consumer: ActiveMQConsumer) -> ActiveMQConsumer:
        self._consumers.append(consumer)
        for subscription in consumer.subscriptions:
            self._by_subscription[subscription] = consumer
        try:
            await consumer.begin(self._connected())
        except BaseException:
            self._unlist(consumer)
            raise
        return consumer

    async def end(
        self, consumers: Sequence[ActiveMQConsumer], *, keep: bool = True
    ) -> None:
        """End consumers: what they hold is kept, or put back; the rest is put back."""
        ending = [each for each in dict.fromkeys(consumers) if not each.is_closed]
        if not ending or self._link is None:
            return

        def leave(transaction: str, now: float) -> list[bytes]:
            parts: list[bytes] = []
            for consumer in ending:
                if not consumer.is_closed:
                    parts += consumer.leave(transaction, now, keep=keep)
            return parts

        with suppress(InterruptedCallError):
            if self._link.reader is not None:
                if not all(each.is_full for each in ending):
                    # Nothing tells that the broker has no more to send: what is on its way
                    # when the subscriptions end counts as if its consumer had crashed.
                    await self.lane.do(Call([]))
                    await asyncio.sleep(_QUIET_S)
                await self.lane.do(Call([], closing=leave))
        for consumer in ending:
            consumer.is_closed = True
            self._unlist(consumer)

    def _unlist(self, consumer: ActiveMQConsumer) -> None:
        for subscription in consumer.subscriptions:
            self._by_subscription.pop(subscription, None)
        self._consumers = [
            each
            for each in self._consumers
            if each.parked or each.subscriptions[0] in self._by_subscription
        ]

    # Requests

    async def request(
        self, queue: str, message: Message, *, timeout_s: float = 5.0
    ) -> Message:
        """Send a request and return the reply to it."""
        return await self._replies.request(queue, message, timeout_s)

    # Looking

    async def browse(
        self, queue: str, *, limit: int = 100, after: int = 0
    ) -> list[Browsed]:
        """Return messages of a queue, oldest first, without taking any."""
        self._connected()
        await self._directory.check(queue)
        return await self._looking.browse(queue, limit, after)

    async def depth(self, queue: str) -> Depth:
        """Return how many messages a queue holds, those that are held among the ready.

        Raises:
            UnroutableError: if nobody has declared the queue.
            UnsupportedError: for more than can be counted over STOMP.
        """
        self._connected()
        await self._directory.check(queue)
        return await self._looking.depth(queue)

    async def depths(self, queues: Sequence[str] = ()) -> dict[str, Depth]:
        """Return depths by name: of every declared queue, and of those named here.

        One that holds more than can be counted is left out.
        """
        self._connected()
        declared = await self._directory.all_declared()
        missing = set(await self._directory.missing(queues))
        wanted = dict.fromkeys([*declared, *(q for q in queues if q not in missing)])
        depths = await self._looking.depths(list(wanted))
        return {name: depth for name, depth in depths.items() if depth is not None}

    async def dead_letter_queues(self) -> list[str]:
        """Return the queues in which the broker has dead letters of this installation."""
        self._connected()
        return await self._looking.dead_letter_queues()


def _subscription(each: Frame) -> str:
    return each.headers.get("subscription", "")
