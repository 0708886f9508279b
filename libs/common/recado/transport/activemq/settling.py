"""Settling: one call of ``settle``, as one transaction with all that is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from recado.message import Outgoing
from recado.transport.activemq.lane import Call, InterruptedCallError
from recado.transport.activemq.sending import Sending
from recado.transport.base import (
    DEAD_LETTERS,
    Settlement,
    UnsettledError,
    Verdict,
)
from recado.transport.copies import dead, retried
from recado.transport.marking import mark, unmark
from recado.transport.routing import unroutable
from recado.transport.sizes import check_sizes

if TYPE_CHECKING:
    from recado.transport.activemq.consumer import ActiveMQConsumer
    from recado.transport.activemq.transport import ActiveMQTransport


class Settling:
    """Deliveries on their way to their end.

    What came of it is noted when it is known, not when the caller hears of it: the caller
    may have been cancelled.
    """

    def __init__(
        self,
        transport: ActiveMQTransport,
        settlements: Sequence[Settlement],
        outgoing: Sequence[Outgoing],
    ) -> None:
        self._transport = transport
        self._settlements = settlements
        self._outgoing = outgoing
        self._deliveries = [each.delivery for each in settlements]

    async def run(self) -> None:
        """Carry it out."""
        sent = [each for one in self._settlements for each in one.outgoing]
        sent += self._outgoing
        check_sizes(sent)
        lane = self._transport.lane
        mark(self._deliveries)
        try:
            self._check(())
            missing = await self._transport.missing(sent)
            if missing:
                self._check(missing)
            sends = [*self._transport.sends(sent, missing), *self._copies()]
            call = Call(sends, [each.tag for each in self._deliveries])
            lane.submit(call)
        except UnsettledError as error:
            unmark([each for each in self._deliveries if each not in error.stale])
            raise
        except BaseException:
            unmark(self._deliveries)
            raise
        call.future.add_done_callback(self._ended)
        try:
            await asyncio.shield(call.future)
        except InterruptedCallError as error:
            stale = [each for each in self._deliveries if not each.tag.fleeting]
            raise UnsettledError(stale, {}) from error

    def _check(self, missing: Collection[str]) -> None:
        """Raise if something cannot be carried out."""
        reader = self._transport.reader
        stale = [
            each
            for each in self._deliveries
            if each.tag.reader is not reader and not each.tag.fleeting
        ]
        lost = unroutable(self._settlements, missing) if missing else {}
        if stale or lost:
            raise UnsettledError(stale, lost)

    def _copies(self) -> list[Sending]:
        return [
            self._copy(each)
            for each in self._settlements
            if each.verdict is not Verdict.DONE and not each.delivery.tag.fleeting
        ]

    def _copy(self, settlement: Settlement) -> Sending:
        """Return the copy that stands for a message from now on."""
        delivery = settlement.delivery
        consumer: ActiveMQConsumer = delivery.tag.consumer
        match settlement.verdict:
            case Verdict.RETRY:
                after_s = settlement.after_s
                due = self._transport.clock() + after_s if after_s > 0 else None
                return consumer.copy(delivery, retried(settlement), due=due)
            case Verdict.DEAD:
                letters = self._transport.names.queue(DEAD_LETTERS)
                return consumer.copy(delivery, dead(settlement), letters)
            case _:
                return consumer.put_back(delivery)

    def _ended(self, done: asyncio.Future[None]) -> None:
        error = None if done.cancelled() else done.exception()
        if error is None:
            for delivery in self._deliveries:
                delivery.tag.consumer.ended(delivery.tag)
        elif not isinstance(error, InterruptedCallError):
            unmark(self._deliveries)
