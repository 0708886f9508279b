"""A consumer: its subscriptions, what it holds, and what it makes of what comes."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

import structlog

from recado.errors import DisconnectedError, RefusedError
from recado.message import ID, NORMAL, Message
from recado.transport.activemq.frames import Frame, frame
from recado.transport.activemq.gate import Gate
from recado.transport.activemq.lane import Call
from recado.transport.activemq.names import are_dead
from recado.transport.activemq.reader import Reader
from recado.transport.activemq.sending import Sending, prepared
from recado.transport.activemq.tag import Tag
from recado.transport.activemq.wire import (
    DELAY,
    JOB,
    death_headers,
    number,
    own_headers,
)
from recado.transport.base import DEAD_LETTERS, Deliver, Delivery
from recado.transport.copies import adopted, condemned, numbered, received, released

if TYPE_CHECKING:
    from recado.transport.activemq.transport import ActiveMQTransport

log = structlog.get_logger()

_NUMBERS = count(1)


class ActiveMQConsumer:
    """Takes part in a queue, or listens to a topic, over one connection after another."""

    def __init__(
        self,
        transport: ActiveMQTransport,
        queue: str,
        destination: str,
        deliver: Deliver,
        prefetch: int,
        *,
        is_topic: bool = False,
    ) -> None:
        self.queue = queue
        self.is_closed = False
        self.is_subscribed = False
        self._transport = transport
        self._destination = destination
        self._deliver = deliver
        self._prefetch = prefetch
        self._suspects = transport.names.suspects(queue)
        self._is_topic = is_topic
        self._is_of_dead = are_dead(queue)
        self._id = str(next(_NUMBERS))
        self._gate = Gate()
        self._reader: Reader | None = None
        self._held: dict[Tag, Delivery] = {}
        self._parked: dict[Tag, Delivery] = {}

    @property
    def subscriptions(self) -> tuple[str, ...]:
        """The ids of its subscriptions: of a queue, its suspects have one of their own."""
        return (self._id,) if self._is_topic else (self._id, f"{self._id}s")

    @property
    def is_full(self) -> bool:
        """Whether the broker sends it no more until something is settled."""
        return self._is_topic or len(self._held) >= self._prefetch

    async def begin(self, reader: Reader) -> None:
        """Subscribe on a connection; return when the broker has done so."""
        self._reader = reader
        self.is_subscribed = False
        requests = [
            reader.request("SUBSCRIBE", headers) for headers in self._requests()
        ]
        await asyncio.gather(*requests)
        self.is_subscribed = not self.is_closed

    def _requests(self) -> list[dict[str, str]]:
        places = [(self._destination, self._prefetch), (self._suspects, 1)]
        return [
            {
                "id": subscription,
                "destination": destination,
                "ack": "client-individual",
                "activemq.prefetchSize": str(prefetch),
            }
            for subscription, (destination, prefetch) in zip(
                self.subscriptions, places, strict=False
            )
        ]

    def lost(self) -> None:
        """Forget what is held: it went with the connection."""
        self.is_subscribed = False
        self._held.clear()
        self._parked.clear()
        self._gate.clear()

    # Taking

    def take(self, reader: Reader, frames: Sequence[Frame]) -> None:
        """Take messages that came over its subscriptions."""
        if self.is_closed:
            return  # handed over by the broker, when the subscription ended
        fresh: list[Delivery] = []
        suspects: list[Delivery] = []
        for each in frames:
            delivery = self._delivery(reader, each)
            if self._is_topic or self._may_be_delivered(each, delivery):
                self._held[delivery.tag] = delivery
                (suspects if delivery.tag.is_suspect else fresh).append(delivery)
        self._pass_on(self._gate.arrived(fresh, suspects))

    def _delivery(self, reader: Reader, each: Frame) -> Delivery:
        headers = each.headers
        told = death_headers(each) if self._is_of_dead else {}
        own, attempt, is_suspect = received(told | own_headers(each))
        tag = Tag(
            self,
            reader,
            headers.get("subscription", ""),
            headers.get("message-id", ""),
            number(headers, "expires", 0),
            is_suspect,
            self._is_topic,
        )
        priority = number(headers, "priority", NORMAL)
        delivery = Delivery(
            Message(each.body, own), self.queue, attempt, self._transport, tag, priority
        )
        if DELAY in headers and JOB not in headers:
            self._transport.ignores_delays()
        return delivery

    def _may_be_delivered(self, each: Frame, delivery: Delivery) -> bool:
        """Return whether a message is delivered as it is, and not a copy of it."""
        headers = delivery.message.headers
        crashed = each.headers.get("redelivered") == "true"
        delivery.attempt += crashed
        is_beyond = (
            delivery.attempt > self._transport.ceiling and self.queue != DEAD_LETTERS
        )
        if ID in headers and not crashed and not is_beyond:
            return True
        if is_beyond:
            names = self._transport.names
            self._replace(
                delivery,
                names.queue(DEAD_LETTERS),
                condemned(delivery, self._transport.clock()),
            )
            return False
        own = headers if ID in headers else adopted(headers)
        is_suspect = crashed or delivery.tag.is_suspect
        copy = numbered(own, delivery.attempt, suspect=is_suspect)
        place = self._suspects if is_suspect else self._destination
        self._replace(delivery, place, copy)
        return False

    def _replace(
        self, delivery: Delivery, destination: str, headers: dict[str, str]
    ) -> None:
        """Put a copy in the place of a message, before anybody works on it."""
        self._held[delivery.tag] = delivery
        try:
            copy = self.copy(delivery, headers, destination)
            self._transport.lane.submit(Call([copy], [delivery.tag]))
        except (DisconnectedError, RefusedError) as error:
            log.warning(
                "transport.copy_failed",
                queue=self.queue,
                message_id=delivery.message.id,
                error=str(error),
            )

    def copy(
        self,
        delivery: Delivery,
        headers: dict[str, str],
        destination: str | None = None,
        due: float | None = None,
    ) -> Sending:
        """Return a copy of a message, to be sent in its stead.

        Raises:
            RefusedError: for a header that cannot be sent.
        """
        return prepared(
            destination or self._destination,
            headers,
            delivery.message.body,
            priority=delivery.priority,
            expires_ms=delivery.tag.expires_ms,
            due=due,
        )

    def _pass_on(self, deliveries: list[Delivery]) -> None:
        if not deliveries:
            return
        try:
            self._deliver(deliveries)
        except Exception:
            log.error("transport.deliver_failed", queue=self.queue, exc_info=True)

    # Ending

    def let_go(self, tag: Tag) -> None:
        """Note that the acknowledgement of a message is on its way."""
        self._held.pop(tag, None)
        self._parked.pop(tag, None)

    def ended(self, tag: Tag) -> None:
        """Note that the broker has confirmed the end of a delivery."""
        if tag.reader is self._reader and not self.is_closed:
            self._pass_on(self._gate.ended())

    async def cancel(self) -> None:
        """Take no more; what is held stays held until it is settled."""
        await self._transport.end([self])

    def leave(self, transaction: str, now: float, *, keep: bool) -> list[bytes]:
        """Return what ends the subscriptions, and loses nothing of what is held.

        ActiveMQ hands over what is not acknowledged when a subscription ends, as if its
        consumer had crashed. So what was not delivered is replaced by a copy. What is
        kept is acknowledged in a transaction of its own, which is left open: settling it
        commits that; if this process dies, the broker undoes it.
        """
        parts: list[bytes] = []
        waiting = set(map(id, self._gate.waiting))
        for tag, delivery in self._held.items():
            if tag.fleeting:
                tag.is_gone = True
            elif keep and id(delivery) not in waiting:
                tag.parked = self._transport.lane.new_transaction()
                self._parked[tag] = delivery
                parts.append(frame("BEGIN", {"transaction": tag.parked}))
                parts.append(tag.ack(tag.parked))
            else:
                parts.append(self.put_back(delivery).frame(transaction, None, now))
                parts.append(tag.ack(transaction))
                tag.is_gone = True
        parts += [frame("UNSUBSCRIBE", {"id": each}) for each in self.subscriptions]
        self.is_closed = True
        self._held.clear()
        self._gate.clear()
        return parts

    @property
    def parked(self) -> list[Delivery]:
        """What is still held after the end of the subscriptions."""
        return list(self._parked.values())

    def put_back(self, delivery: Delivery) -> Sending:
        """Return the copy that puts a message back, unharmed, and suspected if it was."""
        is_suspect = delivery.tag.is_suspect
        place = self._suspects if is_suspect else self._destination
        return self.copy(delivery, released(delivery, suspect=is_suspect), place)
