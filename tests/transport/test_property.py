"""Whatever happens in whatever order: no message is lost, and no attempt is a lie."""

from __future__ import annotations

import itertools
import os
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from recado.errors import DisconnectedError, SettledError
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
from tests.transport.brokers import ON_NETWORK, made
from tests.transport.embedded_broker import embedded_broker
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
LATER_S = 0.5
DELAYS = st.sampled_from([0.0, 0.0, LATER_S])
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
        self.doubts: Counter[str] = Counter()
        """How often it may have failed beside that: it may have been on its way."""
        self.begun: set[str] = set()
        self.ended: set[str] = set()
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
            is_held = any(id_ in ids_of(other.held) for other in self.workers)
            if self.is_double(delivery, is_held):
                await delivery.done()
                continue
            assert id_ in self.failures, f"{id_} has ended, or was never accepted"
            assert not is_held
            self.check_attempt(delivery)
            worker.held.append(delivery)

    def is_double(self, delivery: Delivery, is_held: bool) -> bool:
        """Return whether a message came once more, as it may on some brokers."""
        is_ended = delivery.message.id in self.ended
        return self.broker.differences.may_double and (is_held or is_ended)

    def check_attempt(self, delivery: Delivery) -> None:
        """Assert that the attempt is true; from now on nothing of it is in doubt."""
        id_ = delivery.message.id
        failures = delivery.attempt - 1
        if not self.broker.differences.may_double:
            assert 0 <= failures - self.failures[id_] <= self.doubts.pop(id_, 0)
        self.failures[id_] = failures

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
                self.ended.add(id_)
            if settlement.verdict is Verdict.DEAD:
                self.dead.add(id_)

    async def leave(self, who: int, how: Literal["crash", "close"]) -> None:
        worker = self.workers[who]
        await self.look(worker)
        if how == "close":
            await worker.transport.close()
        else:
            await self.broker.abandon(worker.transport)
        self.doubt()
        for delivery in worker.held:
            id_ = delivery.message.id
            if how == "crash" and self.counts(id_):
                self.failures[id_] += 1
            self.begun.discard(id_)
            self.ghosts.append(delivery)
        worker.held = []
        self.workers[who] = await self.worker()

    def doubt(self) -> None:
        """Note that what nobody holds may have been on its way to who has left."""
        if not self.broker.differences.knows_what_began:
            held = {id_ for each in self.workers for id_ in ids_of(each.held)}
            self.doubts.update(self.failures.keys() - held)

    def counts(self, id_: str) -> bool:
        return id_ in self.begun or not self.broker.differences.knows_what_began

    async def haunt(self, which: int) -> None:
        if self.ghosts:
            ghost = self.ghosts[which % len(self.ghosts)]
            # Closing may have settled it: what was held was put back.
            with pytest.raises((DisconnectedError, UnsettledError, SettledError)):
                await ghost.done(to("work", "from the dead"))

    async def check(self) -> None:
        """Accepted is done, dead and queued, and nothing else."""
        assert set(await dead_letters(self.broker)) == self.dead
        differences = self.broker.differences
        if differences.held == differences.delayed == "told":
            assert sorted(await queued(self.broker, "work")) == sorted(self.failures)
            total = (await self.observer.depth("work")).total
            assert total == len(self.failures)

    async def finish(self) -> None:
        """Have everything that is left delivered and done."""
        await self.broker.advance(2 * LATER_S)
        for worker in self.workers:
            await self.look(worker)
            await worker.transport.close()
            worker.held = []
            self.doubt()
        self.begun.clear()
        self.workers = [await self.worker()]
        worker = self.workers[0]
        while self.failures:
            first = await worker.inbox.next()
            if self.is_double(first, is_held=False):
                await first.done()
                continue
            self.check_attempt(first)
            worker.held.append(first)
            await first.done()
            self.end(worker, [Settlement(first, Verdict.DONE)])
        await self.check()
        doubles = self.ended if self.broker.differences.may_double else set[str]()
        assert set(await queued(self.broker, "work")) <= doubles


def ids_of(deliveries: Sequence[Delivery]) -> set[str]:
    return {delivery.message.id for delivery in deliveries}


async def tell(broker: Broker, acts: list[Act]) -> None:
    """Have a story happen, and look after each act whether all is as it should be."""
    story = Story(broker, await broker.open())
    await story.start()
    for act in [Publish(WORKERS * PREFETCH), *acts]:
        await story.act(act)
        await story.check()
    await story.finish()


STORIES = st.lists(ACTS, min_size=15, max_size=40)


@settings(
    max_examples=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
@given(acts=STORIES)
async def test_what_was_accepted_is_done_dead_or_queued(acts: list[Act]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with embedded_broker(Path(folder), durability="process") as broker:
            await tell(broker, acts)


@pytest.mark.parametrize("name", ON_NETWORK)
@settings(
    max_examples=50 if os.environ.get("RECADO_FAULTS") == "long" else 5,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],  # what depends on moments is not told twice the same
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(acts=STORIES)
async def test_what_was_accepted_on_the_network_is_done_or_dead(
    request: pytest.FixtureRequest, tmp_path: Path, name: str, acts: list[Act]
) -> None:
    async with made(name, request, tmp_path) as broker:
        await tell(broker, acts)
