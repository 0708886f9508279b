"""The end of deliveries: one call of ``settle``, checked and carried out as a whole."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from recado.message import Outgoing
from recado.transport.base import Delivery, Settlement, UnsettledError, Verdict
from recado.transport.embedded.store import Ending, Store
from recado.transport.embedded.writer import Work, settle
from recado.transport.marking import mark, unmark

if TYPE_CHECKING:
    from recado.transport.embedded.consumer import EmbeddedConsumer, Tag


@dataclass(slots=True, eq=False)
class Room:
    """The room that a settlement makes, unless it fails."""

    count: int
    work: Work

    @property
    def is_void(self) -> bool:
        """Whether the settlement failed; known to whatever is written after it."""
        return self.work.error is not None


@dataclass(slots=True, eq=False)
class Call:
    """One call of ``settle``, from the marking of its deliveries to what came of it.

    What came of it is noted when it is known, not when the caller hears of it: the caller
    may have been cancelled.
    """

    settlements: Sequence[Settlement]
    outgoing: Sequence[Outgoing]
    worker: int
    ended: Callable[[Sequence[Delivery]], None]
    future: asyncio.Future[None]
    deliveries: list[Delivery] = field(default_factory=list[Delivery])
    rooms: dict[EmbeddedConsumer, Room] = field(
        default_factory=dict["EmbeddedConsumer", Room]
    )

    def begin(self, submit: Callable[[Work], None]) -> None:
        """Mark the deliveries as settled, have it written, and make room.

        Raises:
            SettledError: if one of them is settled already, or is there twice.
        """
        self.deliveries = [each.delivery for each in self.settlements]
        mark(self.deliveries)
        work = Work(self._write, self._written)
        try:
            submit(work)
        except BaseException:
            unmark(self.deliveries)
            raise
        for delivery in self.deliveries:
            consumer = delivery.tag.consumer
            self.rooms.setdefault(consumer, Room(0, work)).count += 1
        for consumer, room in self.rooms.items():
            consumer.make_room(room)

    def _write(self, store: Store) -> None:
        ending = ending_of(self.settlements)
        self._check(store, ending)
        sent = [each for one in self.settlements for each in one.outgoing]
        store.publish([*sent, *self.outgoing])
        store.end(ending)

    def _check(self, store: Store, ending: Ending) -> None:
        """Raise, before anything is written, if something cannot be carried out."""
        unroutable = {
            index: queue
            for index, settlement in enumerate(self.settlements)
            if settlement.outgoing and (queue := store.unroutable(settlement.outgoing))
        }
        stale = self._stale(store, ending)
        if stale or unroutable:
            raise UnsettledError(stale, unroutable)
        if queue := store.unroutable(self.outgoing):
            raise store.undeclared(queue)

    def _stale(self, store: Store, ending: Ending) -> list[Delivery]:
        if store.held(ending.rows, self.worker) and not self._foreign():
            return []
        lost = store.lost(ending.rows, self.worker)
        gone = [d for d in self.deliveries if not d.tag.fleeting and d.tag.row in lost]
        return list(dict.fromkeys([*self._foreign(), *gone]))

    def _foreign(self) -> list[Delivery]:
        """Return the deliveries to this process as it was before its lease ended."""
        return [
            delivery
            for delivery in self.deliveries
            if delivery.tag.worker != self.worker and not delivery.tag.fleeting
        ]

    def _written(self, result: Any, error: BaseException | None) -> None:
        stale = error.stale if isinstance(error, UnsettledError) else ()
        kept = [d for d in self.deliveries if d not in stale] if error else []
        unmark(kept)
        self.ended([each for each in self.deliveries if each.settled])
        for consumer, room in self.rooms.items():
            count = sum(each.tag.consumer is consumer for each in kept)
            consumer.settled(room, kept=count)
        # A room knows its work, and that this call: all that was sent would stay in memory
        # until somebody looks for such circles.
        self.rooms.clear()
        settle(self.future, result, error)


def ending_of(settlements: Sequence[Settlement]) -> Ending:
    """Return the rows of settlements, by verdict; fleeting deliveries have none."""
    ending = Ending()
    for settlement in settlements:
        tag: Tag = settlement.delivery.tag
        if not tag.fleeting:
            ending.rows.append(tag.row)
            _sort(settlement, tag.row, ending)
    return ending


def _sort(settlement: Settlement, row: int, ending: Ending) -> None:
    match settlement.verdict:
        case Verdict.DONE:
            ending.done.append(row)
        case Verdict.RELEASE:
            ending.released.append(row)
        case Verdict.RETRY:
            ending.retried.append((row, settlement.after_s, _headers(settlement)))
        case Verdict.DEAD:
            ending.dead.append((row, _headers(settlement)))


def _headers(settlement: Settlement) -> str:
    headers = settlement.delivery.message.headers
    return to_json({**headers, **settlement.headers}).decode()
