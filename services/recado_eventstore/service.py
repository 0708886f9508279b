"""The event store: appends what services tell, and says what happened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from recado.clock import Clock, SystemClock
from recado.errors import SchemaError, TransportError
from recado.events import APPEND, EVENTS_QUEUE
from recado.message import Message, decode
from recado.outbox import Outbox
from recado.retry import RetryPolicy
from recado.schemas.events import (
    APPENDED_TOPIC,
    EVENTSTORE_QUEUE,
    HEAD,
    READ,
    READ_ALL,
    RUNS_ADMIT,
    RUNS_LIST,
    RUNS_LOGBOOK,
    RUNS_SHOW,
    WAIT,
    AdmitReply,
    AdmitRequest,
    AppendedEvent,
    AppendReply,
    AppendRequest,
    HeadReply,
    HeadRequest,
    LogbookReply,
    ReadAllReply,
    ReadAllRequest,
    ReadReply,
    ReadRequest,
    RunReply,
    RunRequest,
    RunsReply,
    RunsRequest,
    WaitRequest,
)
from recado.service import Service, answers, hears, takes_batch
from recado.validation import validated
from recado_eventstore.announcer import Announcer
from recado_eventstore.intake import append_of_messages, append_of_request, sound_part
from recado_eventstore.opening import open_store
from recado_eventstore.patience import patiently
from recado_eventstore.quota import OverLimitError, Quota
from recado_eventstore.store import Append, Store, StoreAwayError
from recado_eventstore.tail import Tail

# What is wrong with a message is found at once. Only a stop while the database is away
# uses an attempt up, and that may happen often.
_RARELY_GIVEN_UP: Final = RetryPolicy(attempts=20)


class EventStore(Service):
    """Appends events to the one log, and answers what is asked of it.

    Several instances may share one database; each tells the others what it appended.
    """

    name = "eventstore"
    # Requests that wait for the next event hold a place each.
    concurrency: ClassVar[int] = 500
    prefetch: ClassVar[int] = 1000

    clock: Clock = SystemClock()
    store: Store
    tail: Tail
    announcer: Announcer

    async def started(self) -> None:
        """Open the database; one that is away is opened when it is back."""
        self.tail = Tail()
        self.announcer = Announcer(self.context.transport.publish, self._unannounced)
        self.store = open_store(self.context.settings.store, self._appended)
        try:
            await self.store.open()
            self.tail.advance(await self.store.head())
        except StoreAwayError as error:
            self.context.log.warning("store.away", reason=str(error))

    async def stopped(self) -> None:
        """Let go of the database, after everything is on disk."""
        await self.store.close()
        await self.announcer.close()

    def status(self) -> dict[str, Any]:
        """Return how far the log reaches."""
        return {"position": self.tail.position}

    @takes_batch(EVENTS_QUEUE, size=500, retry=_RARELY_GIVEN_UP)
    async def take(self, messages: Sequence[Message], outbox: Outbox) -> None:
        """Append the events of many messages, in one transaction.

        While the database cannot be used it waits, so that no attempt is burnt.
        """
        try:
            append = append_of_messages(messages)
        except SchemaError:
            # Each comes alone then; of one that is at fault the sound part is kept.
            if len(messages) == 1 and (part := sound_part(messages[0])).events:
                await self._append(part)
            raise
        await self._append(append)

    async def _append(self, append: Append) -> None:
        await patiently(
            lambda: self.store.append(append),
            self.context.stopping,
            self.context.log,
            self.clock,
        )

    @answers(APPEND, AppendRequest, queue=EVENTSTORE_QUEUE)
    async def append(self, request: AppendRequest, outbox: Outbox) -> AppendReply:
        """Append events if the streams are at what is expected; all, or none."""
        places = await self.store.append(append_of_request(request))
        return AppendReply(appended=[AppendedEvent(**it._asdict()) for it in places])

    @answers(READ, ReadRequest, queue=EVENTSTORE_QUEUE)
    async def read(self, request: ReadRequest, outbox: Outbox) -> ReadReply:
        """Read a stream."""
        return await self.store.read(request)

    @answers(READ_ALL, ReadAllRequest, queue=EVENTSTORE_QUEUE)
    async def read_all(self, request: ReadAllRequest, outbox: Outbox) -> ReadAllReply:
        """Read all streams, in the order of positions."""
        return await self.store.read_all(request)

    @answers(HEAD, HeadRequest, queue=EVENTSTORE_QUEUE)
    async def head(self, request: HeadRequest, outbox: Outbox) -> HeadReply:
        """Say how far the log reaches."""
        return HeadReply(position=await self.store.head())

    @answers(WAIT, WaitRequest, queue=EVENTSTORE_QUEUE)
    async def wait(self, request: WaitRequest, outbox: Outbox) -> HeadReply:
        """Answer as soon as the log reaches further than a position, or time is up."""
        # Looked up as well: what another instance appended may not have been heard yet.
        self.tail.advance(await self.store.head())
        try:
            async with asyncio.timeout(request.timeout_s):
                await self._moved_or_stopping(request.position)
        except TimeoutError:
            self.tail.advance(await self.store.head())
        return HeadReply(position=self.tail.position)

    @answers(RUNS_LIST, RunsRequest, queue=EVENTSTORE_QUEUE)
    async def runs(self, request: RunsRequest, outbox: Outbox) -> RunsReply:
        """List runs, the newest first."""
        return await self.store.runs(request)

    @answers(RUNS_SHOW, RunRequest, queue=EVENTSTORE_QUEUE)
    async def run(self, request: RunRequest, outbox: Outbox) -> RunReply:
        """Show one run."""
        return await self.store.run(request.run)

    @answers(RUNS_LOGBOOK, RunRequest, queue=EVENTSTORE_QUEUE)
    async def logbook(self, request: RunRequest, outbox: Outbox) -> LogbookReply:
        """Show what a run was started from."""
        return await self.store.logbook(request.run)

    @answers(RUNS_ADMIT, AdmitRequest, queue=EVENTSTORE_QUEUE)
    async def admit(self, request: AdmitRequest, outbox: Outbox) -> AdmitReply:
        """Admit a run if its submitter may have one more; at once for all who ask."""
        quota = Quota(request.run, request.user, request.limit, self.context.clock())
        try:
            await self.store.append(Append.of_admission(quota))
        except OverLimitError as error:
            return AdmitReply(is_admitted=False, text=str(error))
        return AdmitReply(is_admitted=True)

    @hears(APPENDED_TOPIC)
    async def hear(self, message: Message, outbox: Outbox) -> None:
        """Note what another instance appended."""
        heard = validated(HeadReply, decode(message.body), "announcement")
        self.tail.advance(heard.position)

    def _appended(self, position: int) -> None:
        self.tail.advance(position)
        self.announcer.tell(position)

    def _unannounced(self, error: TransportError) -> None:
        self.context.log.debug("append.unannounced", reason=str(error))

    async def _moved_or_stopping(self, position: int) -> None:
        """Return when there is something new, or at once when the service is to stop."""
        waits = [
            asyncio.ensure_future(self.tail.beyond(position)),
            asyncio.ensure_future(self.context.stopping.wait()),
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waits:
                each.cancel()
