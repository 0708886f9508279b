"""Moving: a message and its end in one settlement, so that it is in one place or the other."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from recado.envelope import Envelope
from recado.errors import SchemaError
from recado.message import Message, Outgoing
from recado.revival import moved
from recado.transport import Delivery, Settlement, Transport, Verdict
from recado_cli.taking import Taking, settle

if TYPE_CHECKING:
    from recado_cli.progress import Progress

STEP: Final = "."
"""As a destination: the queue of the step that a message is for."""
_PAGE: Final = 200


class StayError(Exception):
    """Raised for a message that has no place to go to; says why."""


def target(message: Message, source: str, destination: str) -> str:
    """Return where a message goes to.

    Raises:
        StayError: if nothing tells, or it is there already.
    """
    if destination != STEP:
        return destination
    try:
        envelope = Envelope.read(message)
    except SchemaError as error:
        raise StayError(f"names no step: {error}") from error
    queue = envelope.step.get("queue")
    if not isinstance(queue, str) or not queue:
        raise StayError(f"its step {envelope.pointer} has no queue")
    if queue == source:
        raise StayError(f"its step {envelope.pointer} takes from this very queue")
    return queue


@dataclass(frozen=True, slots=True)
class Moving:
    """Moves batches of deliveries, and counts how many went where."""

    source: str
    destination: str
    counts: Counter[str]
    progress: Progress

    async def move(self, taking: Taking, batch: Sequence[Delivery]) -> int:
        """Move messages; those that cannot go stay. Return how many went."""
        going = [move for each in batch if (move := self._move(taking, each))]
        settled = await settle(batch[0].transport, going)
        for delivery, queue in settled.unroutable:
            taking.keep(delivery, f"nobody has declared queue {queue!r}")
        for delivery, why in settled.refused:
            taking.keep(delivery, why)
        self.counts.update(each.outgoing[0].queue for each in settled.done)
        self.progress.show(self.counts.total())
        return len(settled.done)

    def _move(self, taking: Taking, delivery: Delivery) -> Settlement | None:
        message = delivery.message
        try:
            queue = target(message, self.source, self.destination)
        except StayError as error:
            taking.keep(delivery, str(error))
            return None
        copy = Message(message.body, moved(message.headers))
        outgoing = [Outgoing(queue, copy, priority=delivery.priority)]
        return Settlement(delivery, Verdict.DONE, outgoing)


async def check(transport: Transport, source: str, destination: str) -> None:
    """Look whether the queues are there, before anything is taken.

    Raises:
        UnroutableError: naming those that nobody has declared.
    """
    queues = [source] if destination == STEP else [source, destination]
    await transport.declare(queues, "verify")


async def look(
    transport: Transport, source: str, destination: str, most: int | None
) -> tuple[Counter[str], dict[str, str]]:
    """Return how many messages would go where, and why others would stay.

    Raises:
        UnsupportedError: if only a look at the messages tells, and the broker shows none.
    """
    counts: Counter[str] = Counter()
    staying: dict[str, str] = {}
    if destination != STEP:
        ready = (await transport.depth(source)).ready
        counts[destination] = ready if most is None else min(ready, most)
        return counts, staying
    async for message in _ready(transport, source):
        if most is not None and counts.total() >= most:
            break
        try:
            counts[target(message, source, destination)] += 1
        except StayError as error:
            staying[message.id] = str(error)
    return counts, staying


async def _ready(transport: Transport, queue: str) -> AsyncGenerator[Message]:
    after = 0
    while page := await transport.browse(queue, limit=_PAGE, after=after):
        for each in page:
            if each.state == "ready":
                yield each.message
        after = page[-1].cursor
