"""A consumer: how much it holds, and when it asks for more."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from recado.errors import DisconnectedError
from recado.message import Message
from recado.transport.base import Deliver, Delivery
from recado.transport.embedded.claims import Claim, Claimed, Row
from recado.transport.embedded.ending import Room
from recado.transport.embedded.store import Store
from recado.transport.embedded.wake import Ear
from recado.transport.embedded.writer import Work
from recado.transport.marking import mark

if TYPE_CHECKING:
    from recado.transport.embedded.transport import EmbeddedTransport

log = structlog.get_logger()

_PAUSE_S = 1.0
"""How long to wait after a claim failed (the disk is full), or nobody took what came."""


@dataclass(slots=True, eq=False)
class Tag:
    """What the embedded transport knows of a delivery."""

    row: int
    worker: int
    consumer: EmbeddedConsumer
    fleeting: bool
    slot: int = -1


class EmbeddedConsumer:
    """Claims a queue's messages whenever there may be some and there is room."""

    def __init__(
        self,
        transport: EmbeddedTransport,
        queue: str,
        claim: Claim,
        deliver: Deliver,
        prefetch: int,
        *,
        topic: str | None = None,
    ) -> None:
        self.queue = queue
        self.claim = claim
        self.topic = topic
        self.is_closed = False
        self._transport = transport
        self._deliver = deliver
        self._prefetch = prefetch
        self._holding = 0
        self._rooms: list[Room] = []
        self._is_claiming = False
        self._may_be_more = True
        self._was_woken = False
        self._is_blocked = False
        self._is_alone = False
        self._is_paused = False
        self._hops = 0
        self._timer: asyncio.TimerHandle | None = None
        self._ear: Ear | None = None

    # Waking

    def listen(self, ear: Ear | None) -> None:
        """Begin to take part: hear wake-ups, and look for what is there already."""
        self._ear = ear
        if ear is not None:
            asyncio.get_running_loop().add_reader(ear.socket, self._heard)
        self.wake()

    @property
    def ear_path(self) -> str:
        """Where it hears wake-ups; empty if it does not."""
        return self._ear.path if self._ear is not None else ""

    def _heard(self) -> None:
        assert self._ear is not None
        self._hops = max(self._hops, self._ear.drain())
        self.wake()
        if not self._is_claiming:
            self._pass_on()

    def _pass_on(self) -> None:
        """Wake another consumer, if there may be more than this one can take."""
        if self._hops > 1 and self._may_be_more and not self.can_take:
            self._transport.pass_on(self.claim.queue, self._hops - 1, self.ear_path)
        self._hops = 0

    @property
    def can_take(self) -> bool:
        """Whether a message that came now would be claimed at once."""
        return not (
            self.is_closed
            or self._is_paused
            or self._is_alone
            or self._holding >= self._prefetch
            or (self._is_blocked and self._holding)
        )

    @property
    def is_idle(self) -> bool:
        """Whether it waits to be told that there is something."""
        return self.can_take and not self._is_claiming and not self._may_be_more

    def wake(self) -> None:
        """Look for messages now, or as soon as there is room."""
        self._may_be_more = True
        self._was_woken = self._is_claiming
        self._refill()

    # Claiming

    def _refill(self) -> None:
        if self._is_claiming or not self._may_be_more or not self.can_take:
            return
        self._is_claiming = True
        room, holding = self._prefetch - self._holding, self._holding > 0
        claim, promised = self.claim, tuple(self._rooms)

        def take(store: Store) -> tuple[Claim, Claimed]:
            void = sum(each.count for each in promised if each.is_void)
            if room <= void:
                return claim, Claimed([], more=True)
            return claim, claim.take(store, room - void, holding=holding or void > 0)

        try:
            self._transport.submit(
                Work(take, self._claimed, durable=False, is_claim=True)
            )
        except DisconnectedError:
            self._is_claiming = False

    def _claimed(self, result: Any, error: BaseException | None) -> None:
        self._is_claiming = False
        if error is not None:
            log.warning("transport.claim_failed", queue=self.queue, error=str(error))
            self._pause()
            return
        claim, claimed = result
        self._may_be_more = claimed.more or self._was_woken
        self._was_woken = False
        if self.is_closed or claim is not self.claim:
            self._give_back(claim, claimed.rows)
        elif claimed.is_lost:
            self._transport.lease_lost()
            return
        else:
            self._is_blocked, self._is_alone = claimed.blocked, claimed.alone
            self._wait_for(claimed.next_due)
            self._take(claim, claimed.rows)
        self._refill()
        if not self._is_claiming:
            self._pass_on()

    def _take(self, claim: Claim, rows: list[Row]) -> None:
        if not rows:
            return
        self._holding += len(rows)
        deliveries = [self._delivery(claim, row) for row in rows]
        try:
            self._deliver(deliveries)
        except Exception:
            # The others who wait for this transaction must hear of it all the same.
            log.error("transport.deliver_failed", queue=self.queue, exc_info=True)
            self._pause()
            self._refuse([each for each in deliveries if not each.settled])

    def _refuse(self, deliveries: Sequence[Delivery]) -> None:
        """Put back what was delivered to somebody who raised an error."""
        mark(deliveries)
        self._holds_less(len(deliveries))
        self._transport.ended(deliveries)
        if deliveries and not self.claim.fleeting:
            self._transport.give_back(
                [each.tag.row for each in deliveries], self.claim.worker
            )

    def _delivery(self, claim: Claim, row: Row) -> Delivery:
        return Delivery(
            Message(row.body, row.headers),
            self.queue,
            row.attempt,
            self._transport,
            Tag(row.id, claim.worker, self, claim.fleeting),
            row.priority,
        )

    def _give_back(self, claim: Claim, rows: list[Row]) -> None:
        if rows and not claim.fleeting:
            self._transport.give_back([row.id for row in rows], claim.worker)

    # Timers

    def _wait_for(self, due: float | None) -> None:
        if due is not None:
            self._look_again_in(max(0.001, due - self._transport.clock()), self.wake)

    def _pause(self) -> None:
        self._is_paused = True
        self._look_again_in(_PAUSE_S, self._resume)

    def _resume(self) -> None:
        self._is_paused = False
        self.wake()

    def _look_again_in(self, seconds: float, look: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.is_closed:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(min(seconds, 3_600.0), look)

    # Settling

    def make_room(self, room: Room) -> None:
        """Make room: so many deliveries are being settled."""
        self._rooms.append(room)
        self._holds_less(room.count)
        self._refill()

    def settled(self, room: Room, *, kept: int = 0) -> None:
        """Hear how it ended: ``kept`` deliveries are held still."""
        self._rooms.remove(room)
        self._holding += kept
        self._refill()

    def drop(self, count: int) -> None:
        """Make room for so many deliveries that need no settlement."""
        self._holds_less(count)
        self._refill()

    def _holds_less(self, count: int) -> None:
        self._holding -= count
        if self._holding == 0 and (self._is_alone or self._is_blocked):
            self._is_alone = self._is_blocked = False
            self._may_be_more = True

    # Ending

    def move(self, claim: Claim, queue: str) -> None:
        """Go on under another registration, after a lost lease."""
        self._hear_no_more()
        self.claim, self.queue = claim, queue

    def close(self) -> None:
        """Take no more."""
        self.is_closed = True
        if self._timer is not None:
            self._timer.cancel()
        self._hear_no_more()

    def _hear_no_more(self) -> None:
        if self._ear is not None:
            asyncio.get_running_loop().remove_reader(self._ear.socket)
            self._ear.close()
            self._ear = None

    async def cancel(self) -> None:
        """Take no more; what is held stays held until it is settled."""
        if not self.is_closed:
            self.close()
            await self._transport.cancelled(self)
