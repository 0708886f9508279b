"""Work on messages that are taken as they are: one by one, in batches, from topics."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from time import perf_counter
from typing import Any

from recado.letter import describe
from recado.log import handling
from recado.message import Message
from recado.outbox import Outbox
from recado.runtime import report
from recado.runtime.ending import Ending
from recado.runtime.judge import Place
from recado.runtime.work import (
    Kit,
    Work,
    bound_call,
    check_sent,
    identified,
    pointer_of,
    released,
)
from recado.transport.base import Delivery


class PlainWork(Work):
    """Gives each message of a queue to a method that takes plain ones."""

    def __init__(self, kit: Kit, place: Place, method: Callable[..., Any]) -> None:
        super().__init__(kit, place)
        self._call = bound_call(method, kit)

    async def handled(self, delivery: Delivery, message: Message) -> Ending:
        """Have the method handle one message."""
        began = perf_counter()
        outbox = Outbox(message.id, self.kit.clock)
        handling.set(message)
        try:
            await self.call(message, outbox)
            outbox.close()
            check_sent(outbox.outgoing)
            events = report.told(outbox.events)
            if self.is_told(message, message.run):
                sent = report.sent_within(message.run, outbox.outgoing)
                ms = (perf_counter() - began) * 1000
                events.append(self.outcome(delivery, message, sent, ms))
        # A handler may raise anything, SystemExit too; it ends its message, not the service.
        except BaseException as error:
            outbox.close()
            step = pointer_of(message)
            return self.failed(delivery, message, error, message.run, step)
        return self.done(delivery, message, outbox.outgoing, events, message.run)

    async def call(self, message: Message, outbox: Outbox) -> None:
        """Have the method handle one message."""
        await self._call(message, outbox)

    def outcome(
        self, delivery: Delivery, message: Message, sent: report.Sent, ms: float
    ) -> bytes:
        """Return the event that a message of a run was handled."""
        return report.handled(
            self.place,
            message,
            delivery.attempt,
            message.run,
            pointer_of(message),
            sent,
            at=self.kit.clock(),
            ms=ms,
        )


class BatchWork(PlainWork):
    """Gives the messages that are there to a method, all at once.

    If it raises, each is given to it alone, so that only those at fault fail. The same
    if what it sends cannot be delivered; ``again`` is told of those.
    """

    def __init__(
        self,
        kit: Kit,
        place: Place,
        method: Callable[..., Any],
        size: int,
        again: Callable[[Sequence[Delivery]], None],
    ) -> None:
        super().__init__(kit, place, method)
        self.size = size
        self._again = again

    async def call(self, message: Message, outbox: Outbox) -> None:
        """Have the method handle a batch of one."""
        await self._call([message], outbox)

    async def end_all(self, deliveries: Sequence[Delivery]) -> Sequence[Ending]:
        """Handle deliveries together, or else each alone."""
        if len(deliveries) == 1:
            return [await self.end(deliveries[0])]
        messages = [identified(each.message) for each in deliveries]
        over = [
            self.exhausted(*pair) for pair in zip(deliveries, messages, strict=True)
        ]
        endings = [each for each in over if each is not None]
        left = [
            pair
            for pair, ended in zip(
                zip(deliveries, messages, strict=True), over, strict=True
            )
            if ended is None
        ]
        if left:
            endings += await self._together(left)
        return endings

    async def _together(
        self, pairs: Sequence[tuple[Delivery, Message]]
    ) -> Sequence[Ending]:
        deliveries = [delivery for delivery, _ in pairs]
        messages = [message for _, message in pairs]
        began = perf_counter()
        outbox = Outbox(messages[0].id, self.kit.clock)
        try:
            await self._call(messages, outbox)
            outbox.close()
            check_sent(outbox.outgoing)
            common = report.told(outbox.events)
            endings = self._handled(pairs, outbox, began)
        except BaseException as error:
            outbox.close()
            if self.is_cancelled(error):
                return [released(delivery) for delivery in deliveries]
            text = describe(error)[0]
            self.kit.log.warning("batch.split", size=len(messages), error=text)
            return await self._apart(deliveries)
        endings[0].outgoing, endings[0].common = outbox.outgoing, common
        endings[0].instead = partial(self._undelivered, deliveries)
        return endings

    def _handled(
        self, pairs: Sequence[tuple[Delivery, Message]], outbox: Outbox, began: float
    ) -> list[Ending]:
        ms = (perf_counter() - began) * 1000 / len(pairs)
        counted: set[str] = set()
        endings: list[Ending] = []
        for delivery, message in pairs:
            events: list[bytes] = []
            if self.is_told(message, message.run):
                # What the batch sends in a run counts once, with the run's first message.
                sent = (0, 0)
                if message.run not in counted:
                    sent = report.sent_within(message.run, outbox.outgoing)
                counted.add(message.run)
                events.append(self.outcome(delivery, message, sent, ms))
            endings.append(self.done(delivery, message, (), events))
        for ending in endings:
            ending.batch, ending.instead = endings, None
        return endings

    async def _apart(self, deliveries: Sequence[Delivery]) -> list[Ending]:
        endings: list[Ending] = []
        for delivery in deliveries:
            ending = released(delivery) if self.is_stopped else await self.end(delivery)
            endings.append(ending)
        return endings

    def _undelivered(
        self, deliveries: Sequence[Delivery], error: Exception
    ) -> Sequence[Ending]:
        self.kit.log.warning("batch.split", size=len(deliveries), error=str(error))
        self._again(deliveries)
        return ()


class TopicWork(PlainWork):
    """Gives each message of a topic to a method; a failure is logged, and that is all."""

    async def handled(self, delivery: Delivery, message: Message) -> Ending:
        """Have the method hear one message."""
        outbox = Outbox(message.id, self.kit.clock)
        try:
            await self._call(message, outbox)
            outbox.close()
            check_sent(outbox.outgoing)
            events = report.told(outbox.events)
        except BaseException as error:
            if self.is_cancelled(error):
                return released(delivery)
            text, trace = describe(error)
            self.kit.log.error(
                "broadcast.failed", topic=self.place.queue, error=text, traceback=trace
            )
            return self.done(delivery, message, (), ())
        return self.done(delivery, message, outbox.outgoing, events)
