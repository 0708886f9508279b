"""What is asked of the dead-letter service, and what it answers.

Requests refuse unknown keys. Answers ignore them, so that an older client can talk to a
newer service.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, model_validator

from recado.letter import Failure
from recado.schemas.answers import Answer

QUEUE: Final = "deadletter"
LIST: Final = "letters.list/1"
SHOW: Final = "letters.show/1"
RETRY: Final = "letters.retry/1"

UNKNOWN: Final = "unknown"
"""The reason of a letter that came without ours: a foreign consumer's, or the broker's."""

State: TypeAlias = Literal["dead", "retrying", "retried"]
LetterId: TypeAlias = Annotated[str, Field(min_length=1, max_length=64)]
QueueName: TypeAlias = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:/-]{1,200}$")]


class Request(BaseModel):
    """What all requests share: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LetterFilter(Request):
    """Which letters; all the conditions that are given must hold."""

    queue: str | None = Field(default=None, description="The queue it was given up on")
    reason: str | None = Field(
        default=None, description="error, timeout, rejected, …, unknown"
    )
    run: str | None = Field(default=None, description="The run it belongs to")
    service: str | None = Field(default=None, description="The service that gave it up")
    text: str | None = Field(
        default=None, description="What its text contains, in any case"
    )
    state: State | None = Field(
        default="dead", description="None for letters of every state"
    )
    since: float | None = Field(
        default=None, description="Given up then or later; epoch seconds"
    )


class ListRequest(Request):
    """Ask for letters, the newest first."""

    where: LetterFilter = LetterFilter()
    limit: int = Field(default=50, ge=1, le=1000)
    before: int | None = Field(
        default=None, description="The ``next`` of the page before"
    )


class ShowRequest(Request):
    """Ask for everything about one letter; the beginning of its id will do."""

    id: LetterId


class RetryRequest(Request):
    """Ask to send letters back, by their ids or by a filter.

    ``to_queue`` sends them to another queue than the one they were given up on.
    """

    ids: tuple[LetterId, ...] = Field(default=(), max_length=10_000)
    where: LetterFilter | None = None
    to_queue: QueueName | None = None

    @model_validator(mode="after")
    def _one_choice(self) -> RetryRequest:
        if bool(self.ids) == (self.where is not None):
            raise ValueError("give either ids or where, to say which letters are meant")
        return self


class LetterLine(Answer):
    """A letter as it stands in a list."""

    id: str
    message: str
    """The id of the message that was given up."""
    state: State
    reason: str
    text: str
    queue: str
    """Empty if it came without a letter and nothing tells."""
    service: str
    run: str
    step: int | None
    attempts: int
    retries: int
    """How often the message had been retried before it was given up this time."""
    at: float


class LetterPage(Answer):
    """A part of a list; ``total``, ``reasons`` and ``queues`` count the whole of it."""

    letters: list[LetterLine]
    total: int
    reasons: dict[str, int]
    queues: dict[str, int]
    next: int | None
    """What to ask ``before`` for; none at the end."""


class LetterProblem(Answer):
    """One thing that was wrong with the message's content."""

    path: str
    text: str


class LetterDetail(LetterLine):
    """Everything about a letter."""

    instance: str
    exception: str
    traceback: str
    problems: list[LetterProblem]
    history: list[Failure]
    previous: str
    """The letter of the same message before its last retry; empty for none."""
    following: str
    """The letter of the same message after its next retry; empty for none."""
    headers: dict[str, str]
    body: str
    """The exact bytes, in base64."""
    is_json: bool
    content: Any
    """What the body says, if it is JSON."""


class RetriedLetter(Answer):
    """A letter that is sent back, and where to."""

    letter: str
    message: str
    queue: str


class RefusedLetter(Answer):
    """A letter that is not sent back, and why."""

    letter: str
    why: str


class RetryReply(Answer):
    """What became of a retry; the lists hold the first thousand, the counts tell of all.

    ``job`` names the frozen set: the same request delivered twice has one.
    """

    job: str
    count: int
    retried: list[RetriedLetter]
    refused_count: int
    refused: list[RefusedLetter]
