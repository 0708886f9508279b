"""The dead-letter service: indexes what was given up, shows it, sends it back.

**Indexing.** A batch of dead letters is written in one transaction before it is
acknowledged. A crash in between brings the batch again, and each letter is found by its
message's id and number of retries. The event that tells of the death is sent each time,
with one id; so are the notices for the recipe's error outputs, with theirs.

**Sending back** is a chain of notes, messages of the service to itself. A request freezes
its letters as a job and writes the first note; a note sends a chunk of the job's letters
and writes the next. Each of these acts is settled as one: what it sends, the reply to
whoever asked, the next note, and the end of the request or note that caused it. So, with
a crash

1. before the letters are frozen (``dead`` to ``retrying``, committed): nothing happened;
   the request comes again, or its asker's time is over and the letters are still dead;
2. after the freeze, before the request is settled: no note was written. If the request
   comes again, it finds its job by its own id. If it does not, the next start of the
   service looks for frozen jobs that nobody has begun, and writes a note for them. Should
   both happen, the job's *turn* lets one of the two chains send;
3. before a note's chunk is picked (turn taken, committed), or after that and before the note
   is settled: nothing was sent; the note comes again and picks the same chunk;
4. after a note is settled: its chunk is on its way, and so is the next note. That note's
   arrival proves it, so only then the chunk's letters are marked ``retried``.

On a broker whose settlement is not one transaction (RabbitMQ), a crash within it can send
a chunk twice: with the same ids, so that its effects are recorded once.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from pydantic import BaseModel, ConfigDict

from recado.errors import (
    Problem,
    RefusedError,
    SchemaError,
    UnroutableError,
    UnsupportedError,
    nearest,
)
from recado.message import TYPE, Message, Outgoing, decode, typed_message
from recado.notices import Notice
from recado.outbox import Outbox
from recado.retry import FOREVER, RetryPolicy
from recado.schemas.letters import (
    LIST,
    QUEUE,
    RETRY,
    SHOW,
    LetterDetail,
    LetterPage,
    ListRequest,
    RetryReply,
    RetryRequest,
    ShowRequest,
)
from recado.service import Service, answers, takes, takes_batch
from recado.transport.base import DEAD_LETTERS
from recado.validation import validated
from recado_deadletter.database import Database
from recado_deadletter.desk import PATIENCE, Desk, UnavailableError
from recado_deadletter.entry import Entry, read_entry
from recado_deadletter.index import LetterIndex
from recado_deadletter.jobs import Chunk, RetryJobs
from recado_deadletter.sending import resent, retried_event
from recado_deadletter.telling import Teller, dead_event, told_events

FILE: Final = "deadletters.db"
RETRIES_QUEUE: Final = "deadletter.retries"
SEND: Final = "letters.send/1"
RESUME: Final = "letters.resume/1"

_TYPES: Final = (SEND, RESUME)

# A dead letter that is given up would only come back here, and a lost note ends a job.


class SendNote(BaseModel):
    """The note that makes a retry job go on: everything up to a letter was sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    job: str
    after: str
    """Whose turn it was when the note was written."""
    upto: int


class DeadLetters(Service):
    """Keeps every dead letter: with exact bytes, the reason, and the way back."""

    name = "deadletter"

    patience: RetryPolicy = PATIENCE
    """How the service waits for its database while that is out of order."""

    async def started(self) -> None:
        """Set up the desk, and have jobs looked for that a crash left without a note."""
        database = Database(self.context.settings.state / FILE)
        self.index = LetterIndex(database)
        self.jobs = RetryJobs(database, self.index)
        self.desk = Desk(
            database, self.context.stopping, self.context.log, self.patience
        )
        self.teller = Teller()
        self.indexed = 0
        try:
            await self.desk.attempt(database.connection)
        except UnavailableError as error:
            self.context.log.error("letters.unavailable", error=str(error))
        await self.context.transport.publish(
            [Outgoing(RETRIES_QUEUE, typed_message(RESUME, {}))]
        )

    async def stopped(self) -> None:
        """Close the database."""
        await self.desk.close()

    def status(self) -> dict[str, object]:
        """Tell how many letters were taken, and whether the database is out of order."""
        return {"indexed": self.indexed, "database_waiting": self.desk.waiting}

    @takes_batch(DEAD_LETTERS, size=100, retry=FOREVER)
    async def take(self, messages: Sequence[Message], outbox: Outbox) -> None:
        """Index dead letters; when this returns they are on disk."""
        now = self.context.clock()
        entries = [read_entry(message, now) for message in messages]
        ids = await self.desk.insist(partial(self.index.add, entries))
        self.indexed += len(ids)
        told = await self._told(entries, ids)
        for message, entry, id_ in zip(messages, entries, ids, strict=True):
            # Popped: the same message may be here twice, and is told of once.
            notices = told.pop(id_, ())
            outbox.outgoing.extend(each for it in notices for each in it.outgoing)
            if message.is_recipe and entry.run and message.id:
                outbox.events.append(dead_event(message, entry, id_))
                outbox.events.extend(told_events(entry, id_, notices))
            self.context.log.info(
                "letter.indexed",
                letter=id_,
                message_id=entry.message,
                queue=entry.queue,
                reason=entry.reason,
                text=entry.text,
            )

    @answers(LIST, ListRequest, queue=QUEUE)
    async def list_letters(self, request: ListRequest, outbox: Outbox) -> LetterPage:
        """Answer with a page of letters and the counts over all of them."""
        return await self.desk.attempt(partial(self.index.page, request))

    @answers(SHOW, ShowRequest, queue=QUEUE)
    async def show_letter(self, request: ShowRequest, outbox: Outbox) -> LetterDetail:
        """Answer with everything about a letter."""
        return await self.desk.attempt(partial(self.index.show, request.id))

    @answers(RETRY, RetryRequest, queue=QUEUE)
    async def retry_letters(self, request: RetryRequest, outbox: Outbox) -> RetryReply:
        """Freeze the letters, write the note that sends them, answer which they are."""
        job = outbox.cause
        targets = await self.desk.attempt(partial(self.jobs.targets, request))
        missing = await self._undeclared(targets)
        now = self.context.clock()
        reply = await self.desk.attempt(
            partial(self.jobs.freeze, job, request, missing, now)
        )
        if reply.count:
            _write_note(outbox, job, after=job, upto=0)
        self.context.log.info(
            "letters.retrying", job=job, count=reply.count, refused=reply.refused_count
        )
        return reply

    @takes(RETRIES_QUEUE, retry=FOREVER)
    async def go_on(self, message: Message, outbox: Outbox) -> None:
        """Send a job's next letters, or look for jobs that a crash left without a note."""
        type_ = message.headers.get(TYPE, "")
        if type_ == SEND:
            await self._go_on(message, outbox)
        elif type_ == RESUME:
            await self._resume(outbox)
        else:
            problem = Problem(TYPE, f"{type_!r} is not known{nearest(type_, _TYPES)}")
            raise SchemaError("message", [problem])

    async def _go_on(self, message: Message, outbox: Outbox) -> None:
        note = validated(SendNote, decode(message.body), SEND)
        targets = await self.desk.insist(
            partial(self.jobs.targets_of, note.job, note.upto)
        )
        missing = await self._undeclared(targets)
        own = outbox.cause
        chunk = await self.desk.insist(
            partial(self.jobs.advance, note.job, note.after, own, note.upto, missing)
        )
        self._send(chunk, outbox)

    async def _resume(self, outbox: Outbox) -> None:
        turn = outbox.cause
        for job in await self.desk.insist(partial(self.jobs.resume, turn)):
            self.context.log.warning("letters.resumed", job=job)
            _write_note(outbox, job, after=turn, upto=0)

    def _send(self, chunk: Chunk, outbox: Outbox) -> None:
        if not chunk.letters:
            return
        now = self.context.clock()
        outbox.outgoing.extend(map(resent, chunk.letters))
        events = (retried_event(letter, now) for letter in chunk.letters)
        outbox.events.extend(event for event in events if event)
        _write_note(outbox, chunk.job, after=outbox.cause, upto=chunk.upto)

    async def _told(
        self, entries: Sequence[Entry], ids: Sequence[str]
    ) -> dict[str, Sequence[Notice]]:
        """Return, by letter, the notices for the recipes' error outputs."""
        tellings = self.teller.tellings(entries, ids)
        missing = await self._undeclared(
            {queue for telling in tellings.values() for queue in telling.queues}
        )
        told: dict[str, Sequence[Notice]] = {}
        for id_, telling in tellings.items():
            possible = telling.without(missing)
            told[id_] = possible.notices
            for text in possible.troubles:
                self.context.log.error("letter.not_told", letter=id_, error=text)
        return told

    async def _undeclared(self, queues: set[str]) -> frozenset[str]:
        missing: set[str] = set()
        for queue in queues:
            try:
                # Asked each time: a queue that was there may have been deleted.
                await self.context.transport.depth(queue)
            except UnsupportedError:
                continue  # it holds more than can be counted, so it is there
            except (UnroutableError, RefusedError):
                missing.add(queue)
        return frozenset(missing)


def _write_note(outbox: Outbox, job: str, *, after: str, upto: int) -> None:
    note = SendNote(job=job, after=after, upto=upto)
    outbox.publish(RETRIES_QUEUE, note, type_=SEND)
