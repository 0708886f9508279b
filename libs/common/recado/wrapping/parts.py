"""What a job sends and tells: messages under ids that its assignment alone decides.

A job lasts longer than the message that it was submitted for, whose end its run was told
long ago. So the job hands itself to the run in parts, each a message that is sent and
handled at once: one when it begins, one for each output, one when it ends. What begins a
job counts its end as sent, which keeps the run open meanwhile; each output is a child of
a part of its own. So the run's account is right however often, and however differently, a
job is run again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Final

from recado.events import EVENTS_QUEUE, Event, append_encoded, run_stream
from recado.ids import checksum, derived_id, new_id
from recado.message import ADOPTED, ID, Message, Outgoing, encode
from recado.runtime import report
from recado.runtime.judge import Place
from recado.step import Step
from recado.wrapping.assignment import Assignment

STARTED: Final = "job.started"
UPDATED: Final = "job.updated"
ENDED: Final = "job.ended"

_BEGIN: Final = "begin"
_END: Final = "end"


class Parts:
    """Makes what one execution of a job sends; a job without an assignment sends events."""

    def __init__(
        self,
        job: str,
        assignment: Assignment | None,
        name: str,
        instance: str,
        clock: Callable[[], float],
    ) -> None:
        self.job = job
        self.run = assignment.envelope.run if assignment else ""
        self._assignment = assignment
        self._clock = clock
        self._execution = new_id()
        self._counts: Counter[str] = Counter()
        queue = ""
        if assignment is not None:
            queue = str(assignment.envelope.step.get("queue") or "")
        self.place = Place(f"wrap:{name}", instance, queue)

    @property
    def step(self) -> int | None:
        """The id of the recipe's step that the job belongs to."""
        return self._assignment.envelope.pointer if self._assignment else None

    def begin(self, data: Mapping[str, Any]) -> list[Outgoing]:
        """Return what tells that the job begins; its end is counted as sent."""
        end = self._id(_END)
        told = self._handled(_uncounted(self._id(_BEGIN)), 1, checksum(end))
        return self._told([self._event(STARTED, data, "")], told)

    def end(self, data: Mapping[str, Any], seconds: float) -> list[Outgoing]:
        """Return what tells that the job has ended."""
        part = Message(b"", {ID: self._id(_END)})
        told = self._handled(part, 0, 0, seconds * 1000)
        return self._told([self._event(ENDED, data, "")], told)

    def tell(self, data: Mapping[str, Any]) -> list[Outgoing]:
        """Return what tells how the job is doing."""
        self._counts[UPDATED] += 1
        return self._told([self._event(UPDATED, data, f"/{self._counts[UPDATED]}")], [])

    def output(
        self,
        channel: str,
        payload: object,
        *,
        delay_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> list[Outgoing]:
        """Return what is sent to an output; nothing if the recipe has none of that name."""
        assignment = self._assignment
        if assignment is None or (channel or None) not in assignment.channels:
            return []
        step = self._part(assignment, channel)
        if channel:
            step.send_to(channel, payload, delay_s=delay_s)
        else:
            step.send(payload, delay_s=delay_s)
        return self._sent(step, headers or {})

    def checkpoint(self, payload: object, delay_s: float = 0.0) -> list[Outgoing]:
        """Return what is sent to the job's own step; nothing without an assignment."""
        if self._assignment is None:
            return []
        step = self._part(self._assignment, "checkpoint")
        step.checkpoint(payload, delay_s=delay_s)
        return self._sent(step, {})

    def _part(self, assignment: Assignment, channel: str) -> Step:
        number = self._counts[channel]
        self._counts[channel] += 1
        part = derived_id(self.job, f"output/{number}/{channel}")
        return Step(Message(b"", {ID: part}), assignment.envelope, self._clock)

    def _sent(self, step: Step, headers: Mapping[str, str]) -> list[Outgoing]:
        for each in step.outgoing:
            each.message.headers = {**headers, **each.message.headers}
        told = self._handled(_uncounted(step.cause), step.children, step.checksum)
        return [*step.outgoing, *self._told([], told)]

    def _handled(
        self, part: Message, children: int, sum_: int, ms: float = 0.0
    ) -> list[bytes]:
        if not self.run:
            return []
        sent, at = (children, sum_), self._clock()
        return [
            report.handled(self.place, part, 1, self.run, self.step, sent, at=at, ms=ms)
        ]

    def _event(self, type_: str, data: Mapping[str, Any], key: str) -> bytes:
        stream = run_stream(self.run) if self.run else f"job-{self.job}"
        id_ = derived_id(self._execution, f"{type_}{key}")
        facts = {"job": self.job, "step": self.step, **data}
        return encode(Event(id_, stream, type_, facts, self._clock()).to_json())

    def _told(self, events: list[bytes], handled: list[bytes]) -> list[Outgoing]:
        told = [*events, *handled]
        if not told:
            return []
        return [Outgoing(EVENTS_QUEUE, append_encoded(told, new_id()))]

    def _id(self, name: str) -> str:
        return derived_id(self.job, name)


def _uncounted(part: str) -> Message:
    """Return a part that nobody has counted as sent: its report does."""
    return Message(b"", {ID: part, ADOPTED: "true"})
