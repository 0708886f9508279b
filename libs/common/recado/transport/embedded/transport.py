"""The embedded broker: one SQLite file, several processes of one host, no server.

What it promises, and what its options cost and save, is in
``docs/explanation/embedded-broker.md``.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Final, TypeVar
from urllib.parse import quote

from recado.errors import ConfigError, DisconnectedError, RefusedError
from recado.ids import new_id
from recado.message import Message, Outgoing
from recado.transport.base import (
    DEAD_LETTERS,
    Browsed,
    Deliver,
    Delivery,
    Depth,
    Settlement,
    Topology,
)
from recado.transport.embedded import reading, workers
from recado.transport.embedded.audience import Audience
from recado.transport.embedded.claims import Claim
from recado.transport.embedded.consumer import EmbeddedConsumer
from recado.transport.embedded.ending import Call
from recado.transport.embedded.place import Place, prepare, read_url
from recado.transport.embedded.presence import WriteLock
from recado.transport.embedded.rounds import Rounds
from recado.transport.embedded.schema import connect
from recado.transport.embedded.store import Ending, Store
from recado.transport.embedded.writer import Work, Writer
from recado.transport.replies import Replies
from recado.transport.routing import all_undeclared
from recado.transport.sizes import check_sizes

R = TypeVar("R")


_REGISTRATIONS: Final = 5
"""How often a process that lost its lease registers anew for one temporary queue."""


class EmbeddedTransport:
    """A process's connection to an embedded broker."""

    def __init__(self, url: str, *, clock: Callable[[], float] = time.time) -> None:
        self._place: Place = read_url(url)
        self.clock = clock
        self._name = f"broker {self._place.path or ':memory:'}"
        self._writer: Writer | None = None
        self._rounds: Rounds | None = None
        self._audience = Audience()
        self._lock: AbstractContextManager[None] = contextlib.nullcontext()
        self._reader: ThreadPoolExecutor | None = None
        self._reading: sqlite3.Connection | None = None
        self._replies = Replies(self, self._consume_replies)
        self._closing: asyncio.Task[None] | None = None

    @property
    def ceiling(self) -> int:
        """Deliveries of one message after which the broker gives it up."""
        return self._place.ceiling

    @property
    def worker(self) -> int:
        """This process's number; none is 0."""
        return self._rounds.worker if self._rounds is not None else 0

    @property
    def is_alive(self) -> bool:
        """Whether this process is registered and its writer at work."""
        return (
            self._writer is not None
            and self._writer.is_alive
            and self._closing is None
            and self.worker > 0
        )

    @property
    def is_blocked(self) -> bool:
        """Never: a full disk refuses what is sent."""
        return False

    # Life

    async def open(self) -> None:
        """Open the file, making it if need be, and register this process."""
        if self._writer is not None:
            return
        loop = asyncio.get_running_loop()
        self._reader = ThreadPoolExecutor(1, "recado-reader")
        try:
            database = await loop.run_in_executor(self._reader, self._prepare)
            self._writer = Writer(
                Store(database, self.clock, self._place.ceiling),
                self._lock,
                self._audience.wake,
                durable=self._place.durability == "disk",
                name=self._name,
            )
            self._rounds = Rounds(self, self._place, self._reader)
            await self._rounds.start()
        except BaseException:
            await self._end()
            raise

    def _prepare(self) -> sqlite3.Connection:
        prepare(self._place)
        if self._place.path is None:
            return connect(":memory:", durable=False)
        path = str(self._place.path)
        try:
            self._lock = lock = WriteLock(self._place.presence)
            self._audience.open(self._place.sockets)
        except OSError as error:
            raise ConfigError(
                f"{self._name}: cannot open its folder {self._place.presence}:"
                f" {error.strerror or error}"
            ) from error
        with lock:
            database = connect(path, durable=self._place.durability == "disk")
        self._reading = sqlite3.connect(
            f"file:{quote(path)}?mode=ro", uri=True, check_same_thread=False
        )
        return database

    async def close(self) -> None:
        """Put back, unharmed, what is held, and let go of the file."""
        if self._writer is None:
            return
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._let_go()
        worker = self.worker
        if self._rounds is not None:  # lest it registers again
            await self._rounds.stop()
        try:
            await self.do(lambda store: workers.remove(store, worker, []))
        except RefusedError:  # another process does it: this one looks like a dead one
            await self._end()
            return
        await self._end(leaves_file=False)

    async def abandon(self) -> None:
        """Vanish as a process does that is killed: for tests of what others then do."""
        self._let_go()
        await self._end()

    def _let_go(self) -> None:
        self._audience.disband()
        self._replies.close(self._name)

    async def _end(self, *, leaves_file: bool = True) -> None:
        """Stop everything that was started; also after an opening that failed."""
        rounds, self._rounds = self._rounds, None
        if rounds is not None:
            await rounds.stop()
        # The writer's connection is closed last: it can tidy the file up, this one not.
        reader, self._reader = self._reader, None
        connection, self._reading = self._reading, None
        if reader is not None:
            if connection is not None:
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(reader, connection.close)
            reader.shutdown(wait=False)
        if self._writer is not None:
            await self._writer.stop()
        if rounds is not None:
            rounds.leave(leaves_file=leaves_file)
        if isinstance(self._lock, WriteLock):
            self._lock.close()
        self._lock = contextlib.nullcontext()
        self._audience.close()
        self._writer = self._closing = None

    async def __aenter__(self) -> EmbeddedTransport:
        await self.open()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # Writing

    def submit(self, work: Work) -> None:
        """Have work done by the writer; raises DisconnectedError if there is none."""
        if self._writer is None:
            raise DisconnectedError(f"{self._name} is not open")
        self._writer.submit(work)

    async def do(self, run: Callable[[Store], R], *, durable: bool = True) -> R:
        """Do something within a transaction and return its result."""
        if self._writer is None:
            raise DisconnectedError(f"{self._name} is not open")
        return await self._writer.do(run, durable=durable)  # type: ignore[no-any-return] # of run

    async def declare(self, queues: Sequence[str], mode: Topology = "declare") -> None:
        """Make sure that queues exist."""
        if mode == "declare":
            await self.do(lambda store: store.declare(queues))
        elif mode == "verify":
            missing = await self.do(lambda store: store.missing(queues))
            if missing:
                raise all_undeclared(missing)

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return when all the messages are on disk."""
        if not messages:
            return
        check_sizes(messages)
        durable = not all(each.is_topic or not each.mandatory for each in messages)
        await self.do(lambda store: store.publish(messages), durable=durable)

    async def settle(
        self, settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
    ) -> None:
        """End many deliveries in one transaction with all that is sent."""
        check_sizes([*outgoing, *(o for s in settlements for o in s.outgoing)])
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        call = Call(settlements, outgoing, self.worker, self.ended, future)
        call.begin(self.submit)
        await future

    def begin(self, delivery: Delivery) -> None:
        """Note that the work on a delivery starts now."""
        if self._rounds is not None:
            self._rounds.begin(delivery.tag)

    def ended(self, deliveries: Sequence[Delivery]) -> None:
        """Note that the work on deliveries has ended."""
        if self._rounds is not None:
            for delivery in deliveries:
                self._rounds.end(delivery.tag)

    def give_back(self, rows: Sequence[int], worker: int) -> None:
        """Release rows that were claimed, and that nobody took."""

        def run(store: Store) -> None:
            lost = store.lost(rows, worker)
            store.end(Ending(released=[row for row in rows if row not in lost]))

        with contextlib.suppress(DisconnectedError):  # close() has released them
            self.submit(Work(run, lambda _, __: None, durable=False))

    # Consuming

    async def consume(
        self, queue: str, deliver: Deliver, *, prefetch: int = 100
    ) -> EmbeddedConsumer:
        """Have a queue's messages delivered, up to ``prefetch`` of them unsettled."""

        def find(store: Store) -> int:
            number = store.queue_id(queue)
            if number is None:
                raise store.undeclared(queue)
            return number

        number = await self.do(find, durable=False)
        claim = Claim(number, self.worker)
        return self._join(EmbeddedConsumer(self, queue, claim, deliver, prefetch))

    async def subscribe(
        self, topic: str, deliver: Deliver, *, prefetch: int = 100
    ) -> EmbeddedConsumer:
        """Have a copy of each message of a topic delivered from now on."""
        queue, claim = await self._add_temporary(topic)
        return self._join(
            EmbeddedConsumer(self, queue, claim, deliver, prefetch, topic=topic)
        )

    async def _consume_replies(self) -> EmbeddedConsumer:
        queue, claim = await self._add_temporary(None)
        return self._join(
            EmbeddedConsumer(self, queue, claim, self._take_replies, 1_000)
        )

    def _take_replies(self, deliveries: Sequence[Delivery]) -> None:
        self._replies(deliveries)
        consumer: EmbeddedConsumer = deliveries[0].tag.consumer
        consumer.drop(len(deliveries))

    async def _add_temporary(self, topic: str | None) -> tuple[str, Claim]:
        for _ in range(_REGISTRATIONS):
            added = await self._try_to_add(topic)
            if added is not None:
                return added
            if self._rounds is None:
                break
            # A renewal may be under way that began before the lease was lost; and who is
            # registered anew may lose that lease too, if the broker's file is locked long.
            await self._rounds.come_back()
        raise RefusedError(f"{self._name} does not register this process again")

    async def _try_to_add(self, topic: str | None) -> tuple[str, Claim] | None:
        """Make a temporary queue, unless this process is not registered any more."""
        queue = f"{'reply' if topic is None else f'topic.{topic}'}.{new_id()}"
        worker = self.worker
        number = await self.do(
            lambda store: store.add_temporary(queue, topic, worker), durable=False
        )
        return None if number is None else (queue, Claim(number, worker, fleeting=True))

    def _join(self, consumer: EmbeddedConsumer) -> EmbeddedConsumer:
        if not self.is_alive:
            consumer.close()
            raise DisconnectedError(f"the connection to {self._name} is closed")
        self._audience.join(consumer)
        return consumer

    async def cancelled(self, consumer: EmbeddedConsumer) -> None:
        """Forget a consumer; a temporary queue goes with it."""
        self._audience.leave(consumer)
        await self._drop(consumer.claim)

    async def _drop(self, claim: Claim) -> None:
        if claim.fleeting:
            await self.do(
                lambda store: store.drop_temporary(claim.queue), durable=False
            )

    def lease_lost(self) -> None:
        """Hear that this process is not registered any more."""
        if self._rounds is not None:
            self._rounds.lease_lost()

    async def rejoin(self) -> None:
        """Have every consumer take part under this process's present number."""
        for consumer in self._audience.members:
            if consumer.claim.worker == self.worker:
                continue
            if consumer.topic is not None:
                await self._resubscribe(consumer)
                continue
            self._audience.leave(consumer)
            if consumer.claim.fleeting:  # for replies: the next request opens a new one
                consumer.close()
            else:
                consumer.move(Claim(consumer.claim.queue, self.worker), consumer.queue)
                self._audience.join(consumer)

    async def _resubscribe(self, consumer: EmbeddedConsumer) -> None:
        added = await self._try_to_add(consumer.topic)
        if added is None:  # the lease is lost once more: the next renewal tells
            return
        queue, claim = added
        if consumer.is_closed:
            await self._drop(claim)
            return
        self._audience.leave(consumer)
        consumer.move(claim, queue)
        self._audience.join(consumer)

    # Waking

    def pass_on(self, queue: int, hops: int, path: str) -> None:
        """Pass a wake-up on that a consumer has no room for."""
        self._audience.pass_on(queue, hops, path)

    def look_again(self) -> None:
        """Have every consumer look for messages that waits for a wake-up."""
        self._audience.look_again()

    def poke(self) -> None:
        """Have every consumer look for messages, as after a change of the clock."""
        for consumer in self._audience.members:
            consumer.wake()

    async def next_due(self) -> float | None:
        """Return when the next delayed message is due; none if none is delayed."""
        return await self.read(reading.next_due)

    # Requests

    async def request(
        self, queue: str, message: Message, *, timeout_s: float = 5.0
    ) -> Message:
        """Send a request and return the reply to it."""
        return await self._replies.request(queue, message, timeout_s)

    # Looking

    async def read(self, look: Callable[[sqlite3.Connection, float], R]) -> R:
        """Look at the file without changing it."""
        now = self.clock()
        if self._writer is None or self._reader is None:
            raise DisconnectedError(f"{self._name} is not open")
        if self._reading is None:
            return await self.do(lambda store: look(store.database, now))
        database = self._reading
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reader, look, database, now)
        except sqlite3.Error as error:
            raise RefusedError(f"{self._name}: {error}") from error

    async def browse(
        self, queue: str, *, limit: int = 100, after: int = 0
    ) -> list[Browsed]:
        """Return messages of a queue, oldest first, without taking any."""
        return await self.read(
            lambda database, now: reading.browse(database, now, queue, limit, after)
        )

    async def depth(self, queue: str) -> Depth:
        """Return exactly how many messages a queue holds."""
        return await self.read(
            lambda database, now: reading.depth(database, now, queue)
        )

    async def depths(self, queues: Sequence[str] = ()) -> dict[str, Depth]:
        """Return every declared queue's depth, by name, whichever are named."""
        return await self.read(reading.depths)

    async def dead_letter_queues(self) -> list[str]:
        """Return the declared queues whose names begin as RabbitMQ's of dead letters do."""
        start = f"{DEAD_LETTERS}."
        return [name for name in await self.depths() if name.startswith(start)]
