"""Settling: one call of ``settle``, from the marking of its deliveries to their end.

What is sent is confirmed first, and then the deliveries are acknowledged: a crash in
between gives a duplicate, not a loss.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from recado.message import Outgoing
from recado.transport import copies
from recado.transport.base import (
    DEAD_LETTERS,
    Delivery,
    Settlement,
    UnsettledError,
    Verdict,
)
from recado.transport.marking import mark, unmark
from recado.transport.rabbitmq import parcels
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.parcels import exchange_of, place_of
from recado.transport.rabbitmq.publisher import Call, ReturnedError
from recado.transport.routing import unroutable

if TYPE_CHECKING:
    from recado.transport.rabbitmq.consumer import RabbitConsumer
    from recado.transport.rabbitmq.transport import RabbitTransport


class Settling:
    """Deliveries on their way to their end.

    What came of it is noted when it is known, not when the caller hears of it: the caller
    may have been cancelled.
    """

    def __init__(
        self,
        transport: RabbitTransport,
        settlements: Sequence[Settlement],
        outgoing: Sequence[Outgoing],
    ) -> None:
        self._transport = transport
        self._settlements = settlements
        self._outgoing = outgoing
        self._deliveries = [each.delivery for each in settlements]
        self._consumers: dict[RabbitConsumer, list[Delivery]] = {}
        for delivery in self._deliveries:
            self._consumers.setdefault(delivery.tag.consumer, []).append(delivery)
        self._future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._call: Call | None = None

    async def run(self) -> None:
        """Carry it out."""
        mark(self._deliveries)
        try:
            sent = await self._parcels()
            if stale := self._stale():
                raise UnsettledError(stale, {})
            for consumer in self._consumers:
                consumer.settlings.add(self)
            if sent:
                self._call = self._transport.publisher.submit(sent, self._ended)
            else:
                self._ended(None)
        except BaseException as error:
            self._fail(error)
            raise
        await self._future

    # What is sent

    async def _parcels(self) -> list[Parcel]:
        settlements = self._settlements
        sent = [each for one in settlements for each in one.outgoing]
        sent += self._outgoing
        topology = self._transport.topology
        unknown = await self._transport.prepare(sent)
        if unknown:
            lost = unroutable(self._settlements, unknown, place_of)
            if lost:
                raise UnsettledError(self._stale(), lost)
            raise topology.undeclared(unknown[0])
        if any(each.verdict is Verdict.DEAD for each in settlements):
            await topology.add_dead_letters()
        for each in settlements:
            if each.verdict is Verdict.RETRY and each.after_s > 0:
                await self._transport.prepare_way(each.delivery.queue, each.after_s)
        now = self._transport.clock()
        if any(each.exchange for each in sent):
            await self._send_through([each for each in sent if exchange_of(each)], now)
            sent = [each for each in sent if not exchange_of(each)]
        ends = [each for each in settlements if each.verdict is not Verdict.DONE]
        return [
            *(parcels.parcel(each, now) for each in sent),
            *filter(None, map(self._copy, ends)),
        ]

    async def _send_through(self, through: Sequence[Outgoing], now: float) -> None:
        # Before the rest: nobody can look beforehand if an exchange leads to a queue, and
        # what was sent beside a message that comes back would be sent a second time.
        try:
            await self._transport.publisher.publish(
                [parcels.parcel(each, now) for each in through]
            )
        except ReturnedError as error:
            raise self._not_routed(error) from None

    def _copy(self, settlement: Settlement) -> Parcel | None:
        """Return the copy that stands for a message from now on."""
        delivery = settlement.delivery
        if delivery.tag.is_fleeting:
            return None
        match settlement.verdict:
            case Verdict.RETRY:
                headers = copies.retried(settlement)
                after_s = settlement.after_s
                return parcels.copy(delivery, headers, delivery.queue, delay_s=after_s)
            case Verdict.DEAD:
                return parcels.copy(delivery, copies.dead(settlement), DEAD_LETTERS)
            case _:
                return parcels.released(delivery)

    # What comes of it

    def _stale(self) -> list[Delivery]:
        return [
            delivery
            for consumer, deliveries in self._consumers.items()
            for delivery in deliveries
            if consumer.is_stale(delivery)
        ]

    def lost(self) -> None:
        """Hear that a channel is gone, and deliveries with it."""
        stale = self._stale()
        if stale and not self._future.done():
            if self._call is not None:
                self._call.is_over = True
            self._fail(UnsettledError(stale, {}))

    def _ended(self, error: Exception | None) -> None:
        if isinstance(error, ReturnedError):
            error = self._not_routed(error)
        if error is not None:
            self._fail(error)
            return
        self._leave()
        for consumer, deliveries in self._consumers.items():
            consumer.end(deliveries)
        if not self._future.done():
            self._future.set_result(None)

    def _not_routed(self, error: ReturnedError) -> Exception:
        """Return what is wrong if a queue that was there is not there any more."""
        self._transport.topology.forget(error.queues)
        lost = unroutable(self._settlements, error.queues, place_of)
        if lost:
            return UnsettledError(self._stale(), lost)
        return self._transport.topology.undeclared(error.queues[0])

    def _fail(self, error: BaseException) -> None:
        self._leave()
        stale = error.stale if isinstance(error, UnsettledError) else ()
        unmark([each for each in self._deliveries if each not in stale])
        if not self._future.done():
            self._future.set_exception(error)
            self._future.exception()  # it is raised where it is awaited, if it is

    def _leave(self) -> None:
        for consumer in self._consumers:
            consumer.settlings.discard(self)
