"""The expander: sends a message for each participant of a study, or each block."""

from __future__ import annotations

from typing import Any, ClassVar, Final, cast

from recado.clients.eventlog import EventLog
from recado.clients.lookup import Lookup
from recado.errors import NotFoundError, SchemaError
from recado.events import STUDY_EXPANDED, STUDY_REQUESTED
from recado.message import Message
from recado.retry import Reject
from recado.runtime.threads import Threads
from recado.service import Service
from recado.step import Step
from recado.studies import Source, StudyFolder, UnusableError
from recado_expander.expansion import LIMITS, Limits, Tally, expand, split
from recado_expander.request import Job, Request, job_of
from recado_expander.sessions.answering import AnswersSessions
from recado_expander.sessions.desk import Desk
from recado_expander.sessions.keeper import Tools
from recado_expander.sessions.streams import Streams
from recado_expander.sources import RegistryAwayError, Sources
from recado_expander.studies import Prepared, Studies, problems_of
from recado_experiment import StudyError

AGAIN_S: Final = 5.0
"""How long a request waits for a registry that is away."""


class Expander(AnswersSessions, Service):
    """Expands a study for the participants of a request.

    What is asked for is done in one handling, or split into smaller requests on the
    service's own queue, which other instances share. Sessions it answers for beside that.
    """

    name = "expander"
    queue = "expander"
    payload = Request
    parameters = Request
    # One chunk is expanded while another is settled. More would only take from other
    # instances what they could do at once.
    concurrency: ClassVar[int] = 2
    prefetch: ClassVar[int] = 4
    answer_timeout_s: ClassVar[float] = 5.0
    """Seconds that the registry, or the event store, may take to answer."""

    studies: Studies

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits

    async def started(self) -> None:
        """Know where studies are; one is read when it is asked for."""
        folder = StudyFolder(self.context.settings.recipes)
        registry = Lookup(self.context.transport, self.answer_timeout_s)
        self._threads = Threads("expander-thread")
        self.sources = Sources(folder, registry, self._threads)
        self.studies = Studies()
        log = EventLog(self.context.transport, timeout_s=self.answer_timeout_s)
        tools = Tools(
            Streams(log),
            folder,
            self._threads.run,
            self.context.clock,
            self.context.log,
        )
        self.desk = Desk(tools)

    async def stopped(self) -> None:
        """Let go of the sessions, and of the threads."""
        self.desk.close()
        self._threads.close()

    def status(self) -> dict[str, Any]:
        """Return how many studies and sessions are kept ready."""
        return {"studies": len(self.studies), "sessions": len(self.desk)}

    async def handle(self, message: Message, step: Step) -> None:
        """Send a chunk's participants, or smaller requests for more than a chunk."""
        parameters = cast("Request", step.parameters)
        job = job_of(parameters, cast("Request", message.payload), message.id)
        try:
            source = await self._source(job)
        except (NotFoundError, UnusableError) as error:
            raise Reject(str(error)) from error
        except RegistryAwayError as error:
            # As a message of its own: however long it takes, no attempt is used up.
            self.context.log.warning("study.waiting", study=job.name, error=str(error))
            step.checkpoint(step.envelope.payload, delay_s=AGAIN_S)
            return
        # Reading a study and expanding a chunk keep a processor busy: in a thread, so that
        # heartbeats and settlements go on.
        await self._threads.run(self._work, job, source, step)

    async def _source(self, job: Job) -> Source | Prepared:
        if job.sha256 and (found := self.studies.get(job.name, job.sha256)):
            return found
        if job.study is None:
            return Source.of_text(str(job.text))
        return await self.sources.find(job.study, job.sha256 or "")

    def _work(self, job: Job, source: Source | Prepared, step: Step) -> None:
        prepared = self._prepared(job, source)
        job = job.of(prepared.name)
        if not job.is_part:
            self._announce(job, prepared, step)
        if len(job.participants) > self.limits.chunk:
            self._split(job, prepared, step)
        else:
            self._tell(job, prepared, expand(job, prepared, step, self.limits), step)

    def _prepared(self, job: Job, source: Source | Prepared) -> Prepared:
        if isinstance(source, Prepared):
            return source
        if job.sha256 not in (None, source.sha256):
            raise Reject(
                f"study {source.name!r} is not the one that was asked for: its sha256 is "
                f"{source.sha256}, not {job.sha256}; bring that one back, or ask anew"
            )
        try:
            return self.studies.prepare(source)
        except StudyError as error:
            raise SchemaError(source.name, problems_of(error)) from error

    def _announce(self, job: Job, prepared: Prepared, step: Step) -> None:
        facts = {
            "request": job.whole,
            "participants": len(job.participants),
            "by": job.by,
            "study": job.name,
            "sha256": prepared.sha256,
        }
        if step.run:
            step.emit("", STUDY_REQUESTED, facts)
        self.context.log.info(STUDY_REQUESTED, **facts)

    def _split(self, job: Job, prepared: Prepared, step: Step) -> None:
        size, digest = self.limits.chunk, prepared.sha256
        requests = split(job, job.participants, size, digest, step, self.limits)
        self.context.log.info(
            "study.split",
            study=job.name,
            participants=len(job.participants),
            requests=requests,
        )

    def _tell(self, job: Job, prepared: Prepared, tally: Tally, step: Step) -> None:
        facts = {
            "request": job.whole,
            "participants": len(tally.sent),
            "first": tally.sent[0],
            "last": tally.sent[-1],
            "blocks": tally.blocks,
            "study": job.name,
            "sha256": prepared.sha256,
        }
        if step.run:
            step.emit("", STUDY_EXPANDED, facts)
        again = len(tally.failed) + len(tally.left)
        self.context.log.info(
            STUDY_EXPANDED, **facts, again=again, messages=step.children
        )
