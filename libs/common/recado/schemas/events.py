"""What the event store is asked, and what it answers: one model for each request.

A position, in a request as in an answer, is the last one that was seen: asking with it
gives what follows.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from recado.events import STREAM_PATTERN, TYPE_PATTERN
from recado.ids import as_id, derived_id

EVENTSTORE_QUEUE: Final = "eventstore"
READ: Final = "events.read/1"
READ_ALL: Final = "events.read_all/1"
HEAD: Final = "events.head/1"
WAIT: Final = "events.wait/1"
RUNS_LIST: Final = "runs.list/1"
RUNS_SHOW: Final = "runs.show/1"
RUNS_LOGBOOK: Final = "runs.logbook/1"
RUNS_ADMIT: Final = "runs.admit/1"
APPENDED_TOPIC: Final = "events.appended"

WAIT_LIMIT_S: Final = 30.0
PAGE_LIMIT: Final = 1_000

EventId: TypeAlias = Annotated[
    str,
    Field(pattern=r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"),
]
StreamName: TypeAlias = Annotated[str, Field(pattern=f"^{STREAM_PATTERN}$")]
TypeName: TypeAlias = Annotated[str, Field(pattern=f"^{TYPE_PATTERN}$")]
StreamPrefix: TypeAlias = Annotated[str, Field(pattern=f"^({STREAM_PATTERN})?$")]
Seconds: TypeAlias = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Position: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]
Version: TypeAlias = Annotated[int, Field(ge=0, lt=2**63)]
PageSize: TypeAlias = Annotated[int, Field(ge=1, le=PAGE_LIMIT)]
RunName: TypeAlias = Annotated[str, Field(min_length=1, max_length=196)]
Expected: TypeAlias = Version | Literal["no_stream", "stream_exists", "any"]
"""What an append expects of a stream: a version, or whether there is one at all."""
RunState: TypeAlias = Literal["waiting", "refused", "running", "done", "incomplete"]
"""waiting: requested, and not started yet. refused: its request is a dead letter. done:
all messages were handled. incomplete: all are settled, some are dead letters."""


def requested_id(request: str) -> str:
    """Return the id of the event that tells what a request asked for."""
    return derived_id(as_id(request), "requested")


class Strict(BaseModel):
    """The root of these models: what they do not know is refused."""

    model_config = ConfigDict(extra="forbid")


class NewEvent(Strict):
    """An event to be appended."""

    id: EventId
    stream: StreamName
    type: TypeName
    at: Seconds
    data: dict[str, Any]


class StoredEvent(Strict):
    """An event as it was appended, at its version and position."""

    id: str
    stream: str
    type: str
    at: float
    data: dict[str, Any]
    version: int
    position: int


class AppendBatch(Strict):
    """``events.append/1`` as a message on the queue ``events``: nothing is answered."""

    events: list[NewEvent] = Field(min_length=1)


class AppendRequest(AppendBatch):
    """``events.append/1`` as a request: all of the events, or none."""

    expect: dict[StreamName, Expected] = Field(
        default_factory=dict[str, Expected],
        description="What the streams must be at; of others nothing is expected",
    )


class AppendedEvent(Strict):
    """Where an event is; an event known before keeps its place."""

    stream: str
    version: int
    position: int
    is_new: bool = Field(description="Whether it was written now")


class AppendReply(Strict):
    """Where the events are, in the order of the request."""

    appended: list[AppendedEvent]


class ReadRequest(Strict):
    """``events.read/1``: a stream's events, ``from_version`` included."""

    stream: StreamName
    from_version: Version | None = Field(
        default=None, description="The first version if unset; backwards the last one"
    )
    limit: PageSize = 100
    backwards: bool = False


class ReadReply(Strict):
    """A stream's events; nothing at version 0 for a stream that is not there."""

    events: list[StoredEvent]
    version: int = Field(description="The version that the stream is at")
    next_version: int | None = Field(description="Read on from here; unset at the end")


class ReadAllRequest(Strict):
    """``events.read_all/1``: the events behind a position, over all streams."""

    position: Position = 0
    limit: PageSize = 100
    types: list[TypeName] = Field(default_factory=list[str], description="All if empty")
    prefix: StreamPrefix = Field(
        default="", description="What the streams' names begin with"
    )


class ReadAllReply(Strict):
    """The events that match, and the position up to which all were looked at.

    That position advances even if nothing matched; at ``head`` there is no more.
    """

    events: list[StoredEvent]
    position: int
    head: int


class HeadRequest(Strict):
    """``events.head/1``: the last position."""


class WaitRequest(Strict):
    """``events.wait/1``: the last position, once it is behind a known one."""

    position: Position
    timeout_s: float = Field(
        default=10.0,
        ge=0,
        le=WAIT_LIMIT_S,
        description="After it the answer comes anyhow",
    )


class HeadReply(Strict):
    """The last position; 0 as long as there are no events."""

    position: int


class RunsRequest(Strict):
    """``runs.list/1``: runs, the newest first."""

    state: RunState | None = Field(default=None, description="All if unset")
    limit: PageSize = 100
    before: Position | None = Field(
        default=None,
        description="The ``next`` of the page before; unset for the first page",
    )


class RunRow(Strict):
    """A run: its state and its counts."""

    run: str
    state: RunState
    why: str = Field(default="", description="What it waits for; empty if it does not")
    text: str = Field(default="", description="Why it waits or was refused, in words")
    until: float | None = Field(
        default=None, description="When it waits no longer, if that is known"
    )
    user: str | None = Field(
        default=None,
        description="Who asked: empty if they gave no name, unset if a step of a run did",
    )
    recipes: list[str]
    sent: int
    handled: int
    failed: int = Field(description="Attempts that failed, those tried again included")
    dead: int
    started_at: float | None = Field(description="Unset until its start is known")
    last_at: float
    finishes: int = Field(description="How often it finished: again after a retry")


class RunsReply(Strict):
    """A page of runs."""

    runs: list[RunRow]
    next: int | None = Field(description="Ask ``before`` this; unset at the end")


class RunRequest(Strict):
    """``runs.show/1``: one run."""

    run: RunName


class FilterNote(Strict):
    """What a filter of the dispatcher did to a request."""

    name: str
    changed: dict[str, Any] = Field(
        description="New values by path; large ones are cut"
    )
    removed: list[str]


class LogbookReply(Strict):
    """``runs.logbook/1``: what one run was started from."""

    run: str
    request: str = Field(description="The id of the message that asked for the run")
    at: float
    headers: dict[str, str]
    body: Any = Field(description="The request as it came; unset if it was too large")
    body_bytes: int
    filters: list[FilterNote]
    parameters: dict[str, Any] = Field(description="As the recipes were filled in with")
    recipe: dict[str, Any] | None = Field(description="All recipes in one, filled in")


class AdmitRequest(Strict):
    """``runs.admit/1``: may this run start? If so, it is written down."""

    run: RunName
    user: str = Field(default="", max_length=1_000)
    limit: int = Field(ge=1, description="Runs of the user at work at the same time")


class AdmitReply(Strict):
    """Whether the run may start; one that was admitted before always may."""

    is_admitted: bool
    text: str = Field(default="", description="Why not")


class RunStep(Strict):
    """What a service did for a step of a run."""

    step: int | None = Field(description="Unset for what is not part of the recipe")
    service: str
    queue: str
    sent: int = Field(description="Messages of the run that it sent on")
    handled: int
    failed: int
    dead: int
    first_at: float
    last_at: float
    ms_sum: float = Field(description="Milliseconds of the handled messages, summed up")


class RunStudy(Strict):
    """What a run has expanded of a study, over all of its requests."""

    study: str = Field(description="Its path or name, or ``text``")
    asked: int = Field(description="Participants that were asked for")
    done: int = Field(description="Participants that were sent on")


class RunReply(RunRow):
    """A run with its parameters, steps, dead letters and studies."""

    parameters: dict[str, Any]
    request: str = Field(description="The id of the message that asked for the run")
    steps: list[RunStep]
    dead_letters: list[str] = Field(description="Their ids, a thousand at most")
    studies: list[RunStudy] = Field(
        default_factory=list[RunStudy], description="A hundred at most"
    )
