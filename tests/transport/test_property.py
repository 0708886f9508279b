"""Whatever happens in whatever order: no message is lost, and no attempt is a lie."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recado.errors import DisconnectedError
from recado.message import Outgoing
from recado.transport import (
    DEAD_LETTERS,
    Delivery,
    Settlement,
    Transport,
    UnsettledError,
    Verdict,
)
from tests.transport.broker import Broker
from tests.transport.embedded_broker import EmbeddedBroker
from tests.transport.inbox import Inbox, dead_letters, queued, to

WORKERS = 2
PREFETCH = 4


@dataclass(frozen=True)
class Publish:
    count: int
    delay_s: float = 0.0


@dataclass(frozen=True)
class Begin:
    which: int


@dataclass(frozen=True)
class Settle:
    """Ends some of the deliveries that are held, in one call."""

    which: int
    verdicts: tuple[tuple[Verdict, int, float], ...]
    is_misrouted: bool = False


@dataclass(frozen=True)
class Leave:
    """One of the processes ends, and is started again."""

    who: int
    how: Literal["crash", "close"]


@dataclass(frozen=True)
class Haunt:
    """Settles what a process held that is gone."""

    which: int


Act: TypeAlias = Publish | Begin | Settle | Leave | Haunt

NUMBERS = st.integers(0, 20)
DELAYS = st.sampled_from([0.0, 0.0, 5.0])
VERDICTS = st.tuples(st.sampled_from(Verdict), st.integers(0, 2), DELAYS)
PUBLISH = st.builds(Publish, st.integers(1, 3), DELAYS)
BEGIN = st.builds(Begin, NUMBERS)
SETTLE = st.builds(
    Settle,
    NUMBERS,
    st.lists(VERDICTS, min_size=1, max_size=3).map(tuple),
    st.sampled_from([False, False, False, True]),
)
ACTS = st.one_of(
    PUBLISH,
    PUBLISH,
    BEGIN,
    BEGIN,
    SETTLE,
    SETTLE,
    st.builds(Leave, st.integers(0, WORKERS - 1), st.sampled_from(["crash", "close"])),
    st.builds(Haunt, NUMBERS),
)


@dataclass(eq=False)
class Worker:
    """A process: its connection, and what was delivered to it."""

    transport: Transport
    inbox: Inbox
    held: list[Delivery] = field(default_factory=list[Delivery])


class Story:
    """What should be true after each act: kept beside the broker, and compared."""

    def __init__(self, broker: Broker, observer: Transport) -> None:
        self.broker = broker
        self.observer = observer
        self.workers: list[Worker] = []
        self.failures: dict[str, int] = {}
        """How often each message failed that was accepted and has not ended."""
        self.begun: set[str] = set()
        self.dead: set[str] = set()
        self.ghosts: list[Delivery] = []
        self._names = (f"m{number}" for number in itertools.count())

    async def start(self) -> None:
        await self.observer.declare(["work", DEAD_LETTERS])
        for _ in range(WORKERS):
            self.workers.append(await self.worker())

    async def worker(self) -> Worker:
        transport, inbox = await self.broker.open(), Inbox()
        await transport.consume("work", inbox, prefetch=PREFETCH)
        return Worker(transport, inbox)

    async def act(self, act: Act) -> None:
        match act:
            case Publish(count, delay_s):
                await self.observer.publish(self.outgoing(count, delay_s))
            case Begin(which):
                await self.begin(which)
            case Settle():
                await self.settle(act)
            case Leave(who, how):
                await self.leave(who, how)
            case Haunt(which):
                await self.haunt(which)

    def outgoing(self, count: int, delay_s: float = 0.0) -> list[Outgoing]:
        """Return new messages; whoever sends them says so by accepting."""
        names = [next(self._names) for _ in range(count)]
        self.failures.update(dict.fromkeys(names, 0))
        return to("work", *names, delay_s=delay_s)

    async def look(self, worker: Worker) -> None:
        """Take in what was delivered, if it is true."""
        while worker.inbox.waiting:
            delivery = await worker.inbox.next()
            id_ = delivery.message.id
            assert id_ in self.failures, f"{id_} has ended, or was never accepted"
            assert delivery.attempt == self.failures[id_] + 1
            assert all(id_ not in ids_of(other.held) for other in self.workers)
            worker.held.append(delivery)

    async def holder(self, which: int) -> Worker | None:
        """Return a process that holds something; none if there is nothing to hold."""
        for worker in self.workers:
            await self.look(worker)
        holders = [worker for worker in self.workers if worker.held]
        return holders[which % len(holders)] if holders else None

    async def begin(self, which: int) -> None:
        worker = await self.holder(which)
        if worker is not None:
            delivery = worker.held[which % len(worker.held)]
            delivery.began()
            self.begun.add(delivery.message.id)

    async def settle(self, act: Settle) -> None:
        worker = await self.holder(act.which)
        if worker is None:
            return
        start = act.which % len(worker.held)
        deliveries = worker.held[start : start + len(act.verdicts)]
        before = dict(self.failures)
        settlements = [
            Settlement(
                delivery,
                verdict,
                self.outgoing(sends)
                if verdict in {Verdict.DONE, Verdict.RETRY}
                else (),
                after_s=after_s,
            )
            for delivery, (verdict, sends, after_s) in zip(
                deliveries, act.verdicts, strict=False
            )
        ]
        if act.is_misrouted:
            settlements[-1].outgoing = to("nowhere", "lost")
            settlements[-1].verdict = Verdict.DONE
            with pytest.raises(UnsettledError):
                await worker.transport.settle(settlements)
            self.failures = before
            return
        await worker.transport.settle(settlements)
        self.end(worker, settlements)

    def end(self, worker: Worker, settlements: Sequence[Settlement]) -> None:
        for settlement in settlements:
            id_ = settlement.delivery.message.id
            worker.held.remove(settlement.delivery)
            self.begun.discard(id_)
            if settlement.verdict is Verdict.RETRY:
                self.failures[id_] += 1
            elif settlement.verdict is not Verdict.RELEASE:
                del self.failures[id_]
            if settlement.verdict is Verdict.DEAD:
                self.dead.add(id_)

    async def leave(self, who: int, how: Literal["crash", "close"]) -> None:
        worker = self.workers[who]
        await self.look(worker)
        if how == "close":
            await worker.transport.close()
        else:
            await self.broker.abandon(worker.transport)
        for delivery in worker.held:
            id_ = delivery.message.id
            if how == "crash" and self.counts(id_):
                self.failures[id_] += 1
            self.begun.discard(id_)
            self.ghosts.append(delivery)
        worker.held = []
        self.workers[who] = await self.worker()

    def counts(self, id_: str) -> bool:
        return id_ in self.begun or not self.broker.differences.knows_what_began

    async def haunt(self, which: int) -> None:
        if self.ghosts:
            ghost = self.ghosts[which % len(self.ghosts)]
            with pytest.raises((DisconnectedError, UnsettledError)):
                await ghost.done(to("work", "from the dead"))

    async def check(self) -> None:
        """Accepted is done, dead and queued, and nothing else."""
        assert sorted(await queued(self.broker, "work")) == sorted(self.failures)
        assert (await self.observer.depth("work")).total == len(self.failures)
        assert set(await dead_letters(self.broker)) == self.dead

    async def finish(self) -> None:
        """Have everything that is left delivered and done."""
        await self.broker.advance(10.0)
        for worker in self.workers:
            await self.look(worker)
            await worker.transport.close()
            worker.held = []
        self.begun.clear()
        self.workers = [await self.worker()]
        while self.failures:
            worker = self.workers[0]
            worker.held.append(first := await worker.inbox.next())
            assert first.attempt == self.failures[first.message.id] + 1
            await first.done()
            self.end(worker, [Settlement(first, Verdict.DONE)])
        await self.check()


def ids_of(deliveries: Sequence[Delivery]) -> set[str]:
    return {delivery.message.id for delivery in deliveries}


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(acts=st.lists(ACTS, min_size=15, max_size=40))
async def test_what_was_accepted_is_done_dead_or_queued(acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        broker = EmbeddedBroker(Path(folder), durability="process")
        try:
            story = Story(broker, await broker.open())
            await story.start()
            for act in [Publish(WORKERS * PREFETCH), *acts]:
                await story.act(act)
                await story.check()
            await story.finish()
        finally:
            await broker.close()
