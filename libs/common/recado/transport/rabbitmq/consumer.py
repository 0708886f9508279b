"""Consumers: a queue's messages delivered, whatever becomes of the connection."""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import structlog

from recado.errors import DisconnectedError, TransportError
from recado.message import Message
from recado.transport import copies
from recado.transport.base import DEAD_LETTERS, Deliver, Delivery
from recado.transport.isolation import Act, Flow, Isolation
from recado.transport.marking import mark
from recado.transport.rabbitmq import parcels
from recado.transport.rabbitmq.credit import Credit
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.holding import Holding
from recado.transport.rabbitmq.lane import Arrival, Lane
from recado.transport.rabbitmq.publisher import ReturnedError
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
        self._moves: set[asyncio.Task[None]] = set()
        self._keeper = asyncio.create_task(self._keep())

    # Life

    async def started(self) -> None:
        """Return when it consumes for the first time."""
        await asyncio.shield(self._first)

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
        while not self._is_over:
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
                log.warning(
                    "transport.consume_failed", queue=self.queue, error=str(error)
                )
                await asyncio.sleep(_PAUSE_S)

    @property
    def _is_over(self) -> bool:
        return self.is_cancelled and not (self._held or self._moves)

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
        for move in self._moves:
            move.cancel()
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
        moved: list[tuple[Parcel, int]] = []
        for arrival in batch:
            if self._holding.takes(arrival):
                continue
            self._credit.take()
            told = self._read(arrival)
            delivery = self._delivery(arrival, told)
            if told.is_late(now):
                self._end(delivery)
            elif (headers := self._moving(delivery, told)) is not None:
                moved.append((parcels.copy(delivery, *headers), arrival.tag))
                self._credit.end(self._credit.turn)
            else:
                taken.append((delivery, told.is_suspect))
        if moved:
            self._move(moved, batch[0].lane)
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

    def _moving(
        self, delivery: Delivery, told: Received
    ) -> tuple[Mapping[str, str], str] | None:
        """Return the headers and the queue of a copy that is made before delivery."""
        if delivery.attempt > self._transport.ceiling and self.queue != DEAD_LETTERS:
            headers = copies.condemned(delivery, self._transport.clock())
            return headers, DEAD_LETTERS
        if told.is_foreign or told.is_due_for_copy:
            own = copies.adopted(told.headers) if told.is_foreign else told.headers
            return (
                copies.numbered(own, delivery.attempt, suspect=told.is_suspect),
                self.queue,
            )
        return None

    def _act(self, act: Act) -> None:
        deliver = act.deliver
        if self.is_cancelled:
            act.put_back += deliver
            deliver = []
        if act.put_back:
            # Not before the others are safe: what is delivered now may kill us.
            self._put_back(act.put_back, then=deliver)
        elif deliver:
            self._hand_over(deliver)
        if act.flow is not None:
            self._stirred.set()

    def _hand_over(self, deliveries: Sequence[Delivery]) -> None:
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
        self._put_back(back)
        self._act(self._isolation.ended(len(back)))

    # What goes back

    def _put_back(
        self, deliveries: Sequence[Delivery], *, then: Sequence[Delivery] = ()
    ) -> None:
        """Have copies go to the end of the queue: the same attempt, the same suspicion.

        ``then`` is delivered when they are there.
        """
        moved = [
            (parcels.copy(each, self._released(each), self.queue), each.tag.number)
            for each in deliveries
        ]
        if moved:
            self._move(moved, deliveries[0].tag.lane, then)

    def _released(self, delivery: Delivery) -> dict[str, str]:
        return copies.released(delivery, suspect=delivery.tag.is_suspect)

    def give_back(self, arrival: Arrival, told: Received) -> None:
        """Have a held copy go to the queue that it came from, as the attempt it is."""
        delivery = self._delivery(arrival, told)
        self._put_back([delivery])

    def _move(
        self,
        moved: Sequence[tuple[Parcel, int]],
        lane: Lane,
        then: Sequence[Delivery] = (),
    ) -> None:
        """Have copies stand for messages of a lane, which end when the copies are safe."""
        task = asyncio.create_task(self._moved(moved, lane, then))
        self._moves.add(task)
        task.add_done_callback(self._is_moved)

    def _is_moved(self, task: asyncio.Task[None]) -> None:
        self._moves.discard(task)
        if self.is_cancelled:
            self._stirred.set()

    async def _moved(
        self,
        moved: Sequence[tuple[Parcel, int]],
        lane: Lane,
        then: Sequence[Delivery],
    ) -> None:
        while True:
            try:
                await self._transport.publisher.publish([it for it, _ in moved])
            except ReturnedError as error:
                self._transport.topology.forget(error.queues)
                for queue in error.queues:
                    await self._transport.topology.restore(queue)
                await asyncio.sleep(_PAUSE_S)
            except DisconnectedError:  # everything ends: it goes back by itself
                return
            except TransportError as error:
                log.warning("transport.copy_failed", queue=self.queue, error=str(error))
                await asyncio.sleep(_PAUSE_S)
            else:
                break
        for _, number in moved:
            lane.ack(number)
        if then:
            self._hand_over(then)

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
            self._put_back(held)
            self._act(self._isolation.ended(len(held)))
        self._stirred.set()
        await asyncio.gather(self._keeper, return_exceptions=True)

    async def close(self) -> None:
        """Stop everything."""
        tasks = [self._keeper, *self._moves]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._holding.lost()
