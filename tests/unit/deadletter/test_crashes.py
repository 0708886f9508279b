"""A crash at each moment of a retry: no letter is lost, and none goes back twice.

The service is driven by hand here, one act at a time, so that it can be stopped between
any two of its steps; the broker is the embedded one, which settles in one transaction.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog

from recado.config import Settings
from recado.events import DEAD, RETRIED, Event
from recado.message import Message, Outgoing, decode, typed_message
from recado.outbox import Outbox
from recado.schemas.letters import QUEUE, RETRY, LetterFilter, ListRequest, RetryRequest
from recado.service import Context
from recado.transport.base import DEAD_LETTERS, Delivery
from recado.transport.embedded import EmbeddedTransport
from recado_deadletter import jobs as jobs_module
from recado_deadletter.service import RETRIES_QUEUE, DeadLetters

MakeDead = Callable[..., Message]

LETTERS = 5  # three chunks of at most two
MOMENTS = 15  # of a retry: the request and four notes, three moments each
ORDERS = ((QUEUE, RETRIES_QUEUE), (RETRIES_QUEUE, QUEUE))


class Crash(BaseException):
    """The process is gone."""


@dataclass
class Stage:
    """A broker, and one process of the service at a time."""

    transport: EmbeddedTransport
    state: Path
    crash_at: tuple[int, ...] = ()
    moments: int = 0
    request_is_lost: bool = False
    held: dict[str, deque[Delivery]] = field(
        default_factory=dict[str, "deque[Delivery]"]
    )
    came: asyncio.Event = field(default_factory=asyncio.Event)
    events: list[Event] = field(default_factory=list[Event])

    async def listen(self, queue: str) -> None:
        """Have a queue's messages at hand."""
        held = self.held[queue] = deque()

        def deliver(deliveries: Sequence[Delivery]) -> None:
            held.extend(deliveries)
            self.came.set()

        await self.transport.consume(queue, deliver)

    async def boot(self) -> None:
        """Start the service."""
        self.service = DeadLetters()
        self.service.context = Context(
            transport=self.transport,
            settings=Settings(state=self.state),
            instance="host.1",
            log=structlog.get_logger(),
            clock=lambda: 1.0,
            stopping=asyncio.Event(),
        )
        await self.service.started()

    def moment(self) -> None:
        """Crash here, if it is time to."""
        self.moments += 1
        if self.moments in self.crash_at:
            raise Crash

    async def run(self, *queues: str) -> None:
        """Do act after act until nothing is left to do; the first queue goes first."""
        while delivery := await self._next(queues):
            try:
                await self._act(delivery)
            except Crash:
                await self._rise_again(delivery)

    async def _next(self, queues: Sequence[str]) -> Delivery | None:
        while True:
            self.came.clear()
            for queue in queues:
                if self.held[queue]:
                    return self.held[queue].popleft()
            depths = await self.transport.depths()
            if not any(depths[queue].total for queue in queues):
                return None
            await self.came.wait()

    async def _act(self, delivery: Delivery) -> None:
        message = delivery.message
        outbox = Outbox(message.id)
        if delivery.queue == DEAD_LETTERS:
            await self.service.take([message], outbox)
        elif delivery.queue == QUEUE:
            request = RetryRequest.model_validate(decode(message.body))
            await self.service.retry_letters(request, outbox)
        else:
            await self.service.go_on(message, outbox)
        self.moment()
        await delivery.done(outbox.outgoing)
        self.events += outbox.events
        self.moment()

    async def _rise_again(self, delivery: Delivery) -> None:
        await self.service.stopped()
        if not delivery.settled:
            is_lost = self.request_is_lost and delivery.queue == QUEUE
            await (delivery.done() if is_lost else delivery.release())
        await self.boot()

    async def arrived(self) -> list[str]:
        """Return the ids of the messages that came back to their queue."""
        found = await self.transport.browse("resize")
        return sorted(each.message.id for each in found)

    async def states(self) -> set[str]:
        """Return the states that the letters are in."""
        request = ListRequest(where=LetterFilter(state=None))
        page = await self.service.list_letters(request, Outbox(""))
        return {line.state for line in page.letters}


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    transport = EmbeddedTransport("sqlite:///:memory:")
    await transport.open()
    made = Stage(transport, tmp_path)
    queues = (DEAD_LETTERS, QUEUE, RETRIES_QUEUE)
    await transport.declare([*queues, "resize"])
    for queue in queues:
        await made.listen(queue)
    await made.boot()
    yield made
    await made.service.stopped()
    await transport.close()


@pytest.fixture(autouse=True)
def _moments_inside_transactions(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    turn_of = jobs_module._turn  # pyright: ignore[reportPrivateUsage] - crashes inside

    def turn(connection: sqlite3.Connection, job: str) -> str | None:
        stage.moment()
        return turn_of(connection, job)

    monkeypatch.setattr(jobs_module, "CHUNK_LETTERS", 2)
    monkeypatch.setattr(jobs_module, "_turn", turn)


@pytest.fixture
async def dead(stage: Stage, make_dead: MakeDead) -> list[str]:
    """The ids of messages whose letters are indexed."""
    messages = [make_dead(str(number)) for number in range(LETTERS)]
    await stage.transport.publish([Outgoing(DEAD_LETTERS, each) for each in messages])
    await stage.run(DEAD_LETTERS, RETRIES_QUEUE)
    stage.moments = 0
    stage.events.clear()
    return sorted(message.id for message in messages)


async def ask_for_all(stage: Stage) -> None:
    request = RetryRequest(where=LetterFilter())
    await stage.transport.publish([Outgoing(QUEUE, typed_message(RETRY, request))])


async def test_without_a_crash_a_retry_has_as_many_moments_as_are_tried_here(
    stage: Stage, dead: list[str]
) -> None:
    await ask_for_all(stage)
    await stage.run(*ORDERS[0])

    assert stage.moments == MOMENTS
    assert await stage.arrived() == dead


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("crash_at", range(1, MOMENTS + 1))
async def test_after_a_crash_each_message_goes_back_once_and_is_told_under_one_id(
    stage: Stage, dead: list[str], crash_at: int, order: tuple[str, str]
) -> None:
    stage.crash_at = (crash_at,)
    await ask_for_all(stage)

    await stage.run(*order)

    assert stage.moments > crash_at
    assert await stage.arrived() == dead
    assert await stage.states() == {"retried"}
    assert len({event.id for event in stage.events if event.type == RETRIED}) == LETTERS


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("crash_at", range(1, MOMENTS + 1))
async def test_after_a_crash_that_the_request_does_not_outlive_it_is_all_or_nothing(
    stage: Stage, dead: list[str], crash_at: int, order: tuple[str, str]
) -> None:
    stage.crash_at = (crash_at,)
    stage.request_is_lost = True
    await ask_for_all(stage)

    await stage.run(*order)

    is_frozen = crash_at > 1
    assert await stage.arrived() == (dead if is_frozen else [])
    assert await stage.states() == {"retried" if is_frozen else "dead"}


@pytest.mark.parametrize("first", range(1, MOMENTS + 1))
@pytest.mark.parametrize("later", [1, 2, 3])
async def test_after_two_crashes_each_message_goes_back_once(
    stage: Stage, dead: list[str], first: int, later: int
) -> None:
    stage.crash_at = (first, first + later)
    await ask_for_all(stage)

    await stage.run(*ORDERS[first % 2])

    assert await stage.arrived() == dead
    assert await stage.states() == {"retried"}


@pytest.mark.parametrize("crash_at", [1, 2])
async def test_a_crash_while_indexing_indexes_and_tells_once(
    stage: Stage, make_dead: MakeDead, crash_at: int
) -> None:
    await stage.run(RETRIES_QUEUE)
    stage.moments, stage.crash_at = 0, (crash_at,)
    await stage.transport.publish([Outgoing(DEAD_LETTERS, make_dead())])

    await stage.run(DEAD_LETTERS)

    page = await stage.service.list_letters(ListRequest(), Outbox(""))
    assert page.total == 1
    assert len({event.id for event in stage.events if event.type == DEAD}) == 1
