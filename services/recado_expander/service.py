"""The expander: sends a message for each participant of a study, or each block."""

from __future__ import annotations

from hashlib import sha256
from typing import Any, ClassVar, Final, cast

from recado.errors import NotFoundError, SchemaError
from recado.message import Message
from recado.retry import Reject
from recado.service import Service
from recado.step import Step
from recado_expander.expansion import LIMITS, Limits, Tally, expand, problems_of, split
from recado_expander.folder import StudyFolder, UnusableError
from recado_expander.request import Job, Request, job_of
from recado_expander.studies import Prepared, Studies
from recado_experiment import StudyError

EXPANDED: Final = "study.expanded"


class Expander(Service):
    """Expands a study for the participants of a request.

    What is asked for is done in one handling, or split into smaller requests on the
    service's own queue, which other instances share.
    """

    name = "expander"
    queue = "expander"
    payload = Request
    parameters = Request
    # One chunk is expanded while another is settled. More would only take from other
    # instances what they could do at once.
    concurrency: ClassVar[int] = 2
    prefetch: ClassVar[int] = 4

    folder: StudyFolder
    studies: Studies

    def __init__(self, limits: Limits = LIMITS) -> None:
        self.limits = limits

    async def started(self) -> None:
        """Find the folder; a study is read when it is asked for."""
        self.folder = StudyFolder(self.context.settings.recipes)
        self.studies = Studies()

    def status(self) -> dict[str, Any]:
        """Return how many studies are kept ready."""
        return {"studies": len(self.studies)}

    # Not async: reading a study and expanding a chunk keep a processor busy, so it runs in
    # a thread, and heartbeats and settlements go on.
    def handle(self, message: Message, step: Step) -> None:
        """Send a chunk's participants, or smaller requests for more than a chunk."""
        job = job_of(cast("Request", step.parameters), cast("Request", message.payload))
        prepared = self._prepared(job)
        if len(job.participants) > self.limits.chunk:
            self._split(job, prepared, step)
        else:
            self._tell(job, prepared, expand(job, prepared, step, self.limits), step)

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
            "participants": len(tally.sent),
            "first": tally.sent[0],
            "last": tally.sent[-1],
            "blocks": tally.blocks,
            "study": job.name,
            "sha256": prepared.sha256,
        }
        if step.run:
            step.emit("", EXPANDED, facts)
        again = len(tally.failed) + len(tally.left)
        self.context.log.info(EXPANDED, **facts, again=again, messages=step.children)

    def _prepared(self, job: Job) -> Prepared:
        if job.sha256 and (found := self.studies.get(job.name, job.sha256)):
            return found
        text = self._text(job)
        digest = sha256(text).hexdigest()
        if job.sha256 not in (None, digest):
            raise Reject(
                f"study {job.name!r} is not the one that was asked for: its sha256 is "
                f"{digest}, not {job.sha256}; bring that one back, or ask anew"
            )
        try:
            return self.studies.prepare(text, job.name, digest)
        except StudyError as error:
            raise SchemaError(job.name, problems_of(error)) from error

    def _text(self, job: Job) -> bytes:
        if job.study is None:
            return str(job.text).encode()
        try:
            return self.folder.read(job.study)
        except (NotFoundError, UnusableError) as error:
            raise Reject(str(error)) from error
