"""What an event says of a run: the fact that its account is kept by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, NamedTuple, Protocol, TypeAlias

from pydantic import BaseModel, Field, ValidationError

from recado.errors import Problem, SchemaError
from recado.events import (
    DEAD,
    FAILED,
    FAILURE_TOLD,
    HANDLED,
    RETRIED,
    RUN_ADMITTED,
    RUN_FINISHED,
    RUN_REFUSED,
    RUN_STARTED,
    RUN_STREAM,
    RUN_WAITING,
    STUDY_EXPANDED,
    STUDY_REQUESTED,
)
from recado.ids import checksum
from recado.schemas.events import EventId, RunState
from recado.validation import problems_of

_NO_STEP: Final = -1
_OWN: Final = frozenset({RUN_FINISHED, RUN_ADMITTED})
"""What the event store alone tells of runs."""

Checksum = Annotated[str, Field(pattern=r"^[0-9a-f]{1,16}$")]
Count = Annotated[int, Field(ge=0, lt=2**31)]


class Told(Protocol):
    """An event that somebody tells: a :class:`recado.Event`, or one just read."""

    @property
    def id(self) -> str: ...
    @property
    def stream(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def data(self) -> Mapping[str, Any]: ...
    @property
    def at(self) -> float: ...


class StepKey(NamedTuple):
    """Who did something, for which step; -1 for what is not part of a recipe."""

    step: int
    service: str
    queue: str


@dataclass(frozen=True, slots=True)
class Start:
    """What a run was started with."""

    recipes: list[str]
    parameters: dict[str, Any]
    request: str


@dataclass(frozen=True, slots=True)
class Pending:
    """How a run stands before it is started; the last that was told holds."""

    state: RunState
    at: float
    why: str = ""
    text: str = ""
    until: float | None = None


@dataclass(frozen=True, slots=True)
class Share:
    """Participants of a study who were asked for, and who were expanded."""

    study: str
    asked: int = 0
    done: int = 0


# Not frozen: it is made for every message that was handled, see recado.message.Message.
@dataclass(slots=True)
class Fact:
    """What one event adds to its run's account."""

    run: str
    at: float
    sent: int = 0
    handled: int = 0
    failed: int = 0
    dead: int = 0
    checksum: int = 0
    ms: float = 0.0
    step: StepKey | None = None
    message: str = ""
    """The id of a message that became a dead letter, or is none any more."""
    letter: str = ""
    """The dead letter's own id."""
    start: Start | None = None
    pending: Pending | None = None
    user: str | None = None
    """The run's submitter; none if this does not say."""
    share: Share | None = None

    @property
    def moves(self) -> bool:
        """Whether it can finish a run: a failed attempt ends nothing."""
        return not self.failed and self.pending is None and self.share is None


class _Data(BaseModel):
    """The root of the data below; what else is told there is nobody's business here."""


class _Started(_Data):
    children: Count
    checksum: Checksum
    recipes: list[str] = Field(default_factory=list[str])
    parameters: dict[str, Any] = Field(default_factory=dict[str, Any])
    request: str = ""
    user: str = ""
    parent: str = ""

    def fact(self, run: str, at: float) -> Fact:
        start = Start(self.recipes, self.parameters, self.request)
        sum_ = int(self.checksum, 16)
        fact = Fact(run, at, sent=self.children, checksum=sum_, start=start)
        # What a step of another run starts has no submitter.
        fact.user = None if self.parent else self.user
        return fact


class _Pending(_Data):
    why: str = ""
    text: str = ""
    until: float | None = Field(None, allow_inf_nan=False)
    user: str = ""
    parent: str = ""

    def told(self, run: str, at: float, state: RunState) -> Fact:
        fact = Fact(run, at)
        fact.pending = Pending(state, at, self.why, self.text, self.until)
        fact.user = None if self.parent else self.user
        return fact


class _Waiting(_Pending):
    def fact(self, run: str, at: float) -> Fact:
        return self.told(run, at, "waiting")


class _Refused(_Pending):
    def fact(self, run: str, at: float) -> Fact:
        return self.told(run, at, "refused")


class _FailureTold(_Data):
    children: Count
    checksum: Checksum

    def fact(self, run: str, at: float) -> Fact:
        return Fact(run, at, sent=self.children, checksum=int(self.checksum, 16))


class _Told(_Data):
    message: EventId
    service: str = ""
    queue: str = ""
    step: int | None = Field(None, ge=0, lt=2**31)

    @property
    def key(self) -> StepKey:
        step = _NO_STEP if self.step is None else self.step
        return StepKey(step, self.service, self.queue)


class _Handled(_Told):
    children: Count = 0
    checksum: Checksum = "0"
    ms: float = Field(0.0, ge=0, allow_inf_nan=False)

    def fact(self, run: str, at: float) -> Fact:
        sum_ = int(self.checksum, 16) ^ checksum(self.message)
        return Fact(run, at, self.children, 1, 0, 0, sum_, self.ms, self.key)


class _Failed(_Told):
    def fact(self, run: str, at: float) -> Fact:
        return Fact(run, at, failed=1, step=self.key)


class _Dead(_Told):
    letter: str = ""
    children: Count = 0
    checksum: Checksum = "0"

    def fact(self, run: str, at: float) -> Fact:
        sum_ = int(self.checksum, 16) ^ checksum(self.message)
        fact = Fact(run, at, self.children, dead=1, checksum=sum_, step=self.key)
        fact.message, fact.letter = self.message, self.letter or self.message
        return fact


class _Retried(_Told):
    def fact(self, run: str, at: float) -> Fact:
        sum_ = checksum(self.message)
        return Fact(run, at, dead=-1, checksum=sum_, message=self.message)


class _Study(_Data):
    study: str = ""
    participants: Count = 0


class _Requested(_Study):
    def fact(self, run: str, at: float) -> Fact:
        return Fact(run, at, share=Share(self.study, asked=self.participants))


class _Expanded(_Study):
    def fact(self, run: str, at: float) -> Fact:
        return Fact(run, at, share=Share(self.study, done=self.participants))


_Model: TypeAlias = type[
    _Started
    | _Waiting
    | _Refused
    | _Handled
    | _Failed
    | _Dead
    | _Retried
    | _FailureTold
    | _Requested
    | _Expanded
]
_MODELS: Final[Mapping[str, _Model]] = {
    RUN_WAITING: _Waiting,
    RUN_REFUSED: _Refused,
    RUN_STARTED: _Started,
    HANDLED: _Handled,
    FAILED: _Failed,
    DEAD: _Dead,
    RETRIED: _Retried,
    FAILURE_TOLD: _FailureTold,
    STUDY_REQUESTED: _Requested,
    STUDY_EXPANDED: _Expanded,
}


def read_facts(events: Sequence[Told]) -> dict[int, Fact]:
    """Return what events say of runs, by index; events of other streams say nothing.

    Raises:
        SchemaError: with every problem in the data of those events.
    """
    facts: dict[int, Fact] = {}
    problems: list[Problem] = []
    for index, event in enumerate(events):
        run = event.stream[len(RUN_STREAM) :]
        if not run or not event.stream.startswith(RUN_STREAM):
            continue
        if event.type in _OWN:
            text = f"{event.type} is told by the event store alone"
            problems.append(Problem(f"events[{index}].type", text))
        elif model := _MODELS.get(event.type):
            try:
                facts[index] = model.model_validate(event.data).fact(run, event.at)
            except ValidationError as error:
                problems += problems_of(error, model, f"events[{index}].data")
    if problems:
        raise SchemaError("events", problems)
    return facts
