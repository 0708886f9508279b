"""Consumers: a queue's messages delivered, whatever becomes of the connection."""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Final

import structlog

from recado.errors import DisconnectedError, TransportError
from recado.message import Message
from recado.transport.base import Deliver, Delivery
from recado.transport.isolation import Act, Flow, Isolation
from recado.transport.marking import mark
from recado.transport.rabbitmq.credit import Credit
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.holding import Holding
from recado.transport.rabbitmq.lane import Arrival, Lane
from recado.transport.rabbitmq.moves import Moves, replacement
from recado.transport.rabbitmq.received import Received, priority, read
from recado.transport.rabbitmq.session import LostError, Session, UnansweredError

if TYPE_CHECKING:
    from recado.transport.rabbitmq.settling import Settling
    from recado.transport.rabbitmq.transport import RabbitTransport

log = structlog.get_logger()

_PAUSE_S: Final = 1.0
"""How long to wait after something failed that may work later."""


@dataclass(slots=True, eq=False)
class Tag:
    """What the transport knows of a delivery; a held copy changes lane number and turn."""

    consumer: RabbitConsumer
    lane: Lane
    number: int
    turn: int
    expires: str
    is_suspect: bool

    @property
    def is_fleeting(self) -> bool:
        """Whether the message is not kept: of a topic, or a reply."""
        return self.consumer.is_fleeting


class RabbitConsumer:
    """Has a channel with a consumer on it, or makes one; ``prepare`` names the queue."""

    def __init__(
        self,
        transport: RabbitTransport,
        queue: str,
        prepare: Callable[[Session], Awaitable[str | None]],
        deliver: Deliver,
        prefetch: int,
        *,
        is_fleeting: bool = False,
    ) -> None:
        self.queue = queue
        self.is_fleeting = is_fleeting
        self.is_cancelled = False
        self.is_consuming = False
        self.arrivals = 0
        """How many messages have come in all: it tells whether more do."""
        self.settlings: set[Settling] = set()
        self._transport = transport
        self._prepare = prepare
        self._deliver = deliver
        self._lane: Lane | None = None
        self._credit = Credit(prefetch)
        self._isolation = Isolation()
        self._held: dict[Delivery, float] = {}
        """By delivery: since when."""
        self._holding = Holding(self, transport)
        self._heeded = Flow.FULL
        """The flow that the broker heeds."""
        self._stirred = asyncio.Event()
        self._stopped = asyncio.Event()
        self._first = asyncio.get_running_loop().create_future()
        self._moves = Moves(transport, queue, self.stir)
        self._keeper = asyncio.create_task(self._keep())

    # Life

    async def started(self) -> None:
        """Return when it consumes for the first time.

        Raises:
            TransportError: if it does not come to that: nothing is tried again.
        """
        await asyncio.shield(self._first)

    def _never(self, error: TransportError) -> None:
        self._first.set_exception(error)
        self._first.exception()  # it is raised where it is awaited, if it is

    @property
    def held(self) -> int:
        """How many messages are held."""
        return len(self._held)

    @property
    def is_closed(self) -> bool:
        """Whether it takes nothing any more, and holds nothing."""
        return self._keeper.done()

    @property
    def has_room(self) -> bool:
        """Whether a message would be delivered now, if there were one."""
        return self.is_consuming and self._credit.has_room

    async def _keep(self) -> None:
        # One that is cancelled holds nothing any more when its channel is gone.
        while not self.is_cancelled:
            session = await self._transport.consuming.up()
            try:
                await self._attend(session)
            except LostError as error:
                if isinstance(error, UnansweredError):
                    log.warning(
                        "transport.unanswered", name=self.queue, error=str(error)
                    )
                if not session.is_lost:
                    await asyncio.sleep(_PAUSE_S)
            except TransportError as error:
                if not self._first.done():
                    self._never(error)
                    return
                log.warning(
                    "transport.consume_failed", queue=self.queue, error=str(error)
                )
                await asyncio.sleep(_PAUSE_S)

    @property
    def _is_over(self) -> bool:
        return self.is_cancelled and not self._held and self._moves.are_over

    async def _attend(self, session: Session) -> None:
        """Consume until the channel is lost, or there is no more reason to."""
        queue = await self._prepare(session)
        if queue is None:
            raise self._transport.topology.undeclared(self.queue)
        if self.is_fleeting:
            self.queue = queue
        self._lane = lane = await Lane.open(session, self._arrived, self._lost)
        try:
            await self._holding.resume(lane)
            while not lane.is_lost and not self._is_over:
                self._stirred.clear()
                if not await self._adjust(lane, queue):
                    await self._stirred.wait()
        finally:
            self.is_consuming = False
            await lane.close()

    async def _adjust(self, lane: Lane, queue: str) -> bool:
        """Take as much as is to be taken now; return whether anything changed."""
        flow = self._isolation.flow
        wanted = self._credit.wanted(
            Flow.NONE if self.is_cancelled else flow, self.held, self._holding.count
        )
        if wanted is not None:
            await self._grant(lane, queue, wanted)
        if self.is_cancelled:
            self._stopped.set()
        if flow is not self._heeded and not lane.is_lost:
            self._heeded = flow
            self._act(self._isolation.changed())
            return True
        return wanted is not None

    async def _grant(self, lane: Lane, queue: str, wanted: int) -> None:
        if self._credit.granted:
            await lane.cancel(self._credit.name)
        self._credit.grant(wanted)
        if wanted:
            await lane.consume(queue, self._credit.name, wanted)
        self.is_consuming = not self.is_cancelled
        if not self._first.done():
            self._first.set_result(None)

    def _lost(self, reason: str) -> None:
        """Hear that the channel is gone: what was held comes back by itself."""
        if reason:
            log.warning("transport.channel_closed", queue=self.queue, reason=reason)
        self.is_consuming = False
        self._held.clear()
        self._credit.reset()
        self._holding.lost()
        self._moves.cancel()
        self._isolation.lost()
        self._heeded = self._isolation.flow
        for settling in list(self.settlings):
            settling.lost()
        self._stirred.set()

    def rebuild(self) -> None:
        """Give the channel up, and make a new one."""
        if self._lane is not None:
            self._lane.closed("it was alive and delivered nothing")

    def stir(self) -> None:
        """Look again at what is to be taken."""
        self._stirred.set()

    # What comes

    def _arrived(self, batch: list[Arrival]) -> None:
        self.arrivals += len(batch)
        if self.is_fleeting:
            self._hand_over([self._delivery(it, self._read(it)) for it in batch])
            return
        now = self._transport.clock()
        taken: list[tuple[Delivery, bool]] = []
        moved: list[tuple[Delivery, Parcel]] = []
        for arrival in batch:
            if self._holding.takes(arrival):
                continue
            self._credit.take()
            told = self._read(arrival)
            delivery = self._delivery(arrival, told)
            if told.is_late(now):
                self._end(delivery)
            elif copy := replacement(delivery, told, self._transport.ceiling, now):
                moved.append((delivery, copy))
                self._credit.end(self._credit.turn)
            else:
                taken.append((delivery, told.is_suspect))
        self._moves.begin(moved)
        if taken:
            self._act(self._isolation.arrived(taken))

    def _read(self, arrival: Arrival) -> Received:
        return read(
            arrival.content.headers, self.queue, redelivered=arrival.redelivered
        )

    def _delivery(self, arrival: Arrival, told: Received) -> Delivery:
        return Delivery(
            Message(arrival.body, told.headers),
            self.queue,
            told.attempt,
            self._transport,
            Tag(
                self,
                arrival.lane,
                arrival.tag,
                self._credit.turn,
                told.expires,
                told.is_suspect,
            ),
            priority(arrival.content.priority),
        )

    def _act(self, act: Act) -> None:
        deliver = act.deliver
        if self.is_cancelled:
            act.put_back += deliver
            deliver = []
        if act.put_back:
            # Not before the others are safe: what is delivered now may kill us.
            self._moves.put_back(act.put_back, partial(self._hand_over, deliver))
        else:
            self._hand_over(deliver)
        if act.flow is not None:
            self._stirred.set()

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
        if not deliveries:
            return
        now = asyncio.get_running_loop().time()
        self._held.update(dict.fromkeys(deliveries, now))
        if not self.is_fleeting:
            self._holding.watch()
        try:
            self._deliver(deliveries)
        except Exception:
            log.error("transport.deliver_failed", queue=self.queue, exc_info=True)
            refused = [each for each in deliveries if not each.settled]
            mark(refused)
            asyncio.get_running_loop().call_later(_PAUSE_S, self._refuse, refused)

    def _refuse(self, refused: Sequence[Delivery]) -> None:
        """Put back what was delivered to somebody who raised an error."""
        back = [delivery for delivery in refused if delivery in self._held]
        self.forget(back)
        self._moves.put_back(back)
        self._act(self._isolation.ended(len(back)))

    def give_back(self, arrival: Arrival, told: Received) -> None:
        """Have a held copy go to the queue that it came from, as the attempt it is."""
        self._moves.put_back([self._delivery(arrival, told)])

    # What ends

    def end(self, deliveries: Sequence[Delivery]) -> None:
        """Acknowledge deliveries; those of a lost channel come back by themselves."""
        kept = [delivery for delivery in deliveries if delivery in self._held]
        self.forget(kept)
        for delivery in kept:
            delivery.tag.lane.ack(delivery.tag.number)
        if kept and not self.is_fleeting:
            self._act(self._isolation.ended(len(kept)))
        if self.is_cancelled or self._credit.is_tight:
            self._stirred.set()

    def forget(self, deliveries: Sequence[Delivery]) -> None:
        """Hold deliveries no more."""
        for delivery in deliveries:
            del self._held[delivery]
            self._credit.end(delivery.tag.turn)
            self._holding.forget(delivery)

    def _end(self, delivery: Delivery) -> None:
        """Acknowledge what was never handed over."""
        self._credit.end(self._credit.turn)
        delivery.tag.lane.ack(delivery.tag.number)

    def is_stale(self, delivery: Delivery) -> bool:
        """Whether a delivery went with its channel."""
        return not self.is_fleeting and delivery not in self._held

    def due(self, before: float) -> list[Delivery]:
        """Return what has been held since before a time, the oldest first."""
        found: list[Delivery] = []
        for delivery, since in self._held.items():
            if since > before:
                break
            found.append(delivery)
        return found

    @property
    def oldest(self) -> float | None:
        """Since when the oldest delivery has been held."""
        return next(iter(self._held.values()), None)

    def renewed(self, delivery: Delivery, number: int) -> bool:
        """Have a delivery stand for its copy; false if it has ended meanwhile."""
        if delivery not in self._held:
            return False
        tag: Tag = delivery.tag
        tag.lane.ack(tag.number)
        self._credit.end(tag.turn)
        tag.number, tag.turn = number, 0
        del self._held[delivery]
        self._held[delivery] = asyncio.get_running_loop().time()
        return True

    # The end

    async def cancel(self) -> None:
        """Take no more; what is held stays held until it is settled."""
        self.is_cancelled = True
        self._stirred.set()
        if self._lane is None or self._lane.is_lost:
            self._keeper.cancel()  # there is nothing to take from
        stopped = asyncio.create_task(self._stopped.wait())
        await asyncio.wait([stopped, self._keeper], return_when=FIRST_COMPLETED)
        stopped.cancel()
        await self._transport.cancelled(self)

    async def release(self) -> None:
        """Put back, unharmed, everything that is held and not being settled."""
        held = [delivery for delivery in self._held if not delivery.settled]
        mark(held)
        self.forget(held)
        if not self.is_fleeting:
            self._moves.put_back(held)
            self._act(self._isolation.ended(len(held)))
        self._stirred.set()
        await asyncio.gather(self._keeper, return_exceptions=True)

    async def close(self) -> None:
        """Stop everything; who waits for the beginning is told."""
        if not self._first.done():
            self._never(DisconnectedError("the transport was closed"))
        self._keeper.cancel()
        await asyncio.gather(self._keeper, return_exceptions=True)
        await self._moves.close()
        self._holding.lost()
