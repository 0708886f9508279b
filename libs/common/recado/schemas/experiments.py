"""What is asked of sessions, and what is answered: one request for each action.

The actions have experiment-server's names, and the replies its values: a number, a truth, a
text or an object, so that an HTTP face has nothing to translate. Requests refuse unknown
keys; answers ignore them, so that an older client can talk to a newer service.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    RootModel,
    model_validator,
)

from recado.schemas.answers import Answer, ProblemEntry
from recado.studies import check_study

EXPERIMENT_QUEUE: Final = "experiment"

OPEN: Final = "experiment.open/1"
CONFIGURE: Final = "experiment.configure/1"
LIST: Final = "experiment.list/1"
SHOW: Final = "experiment.show/1"
BLOCKS_COUNT: Final = "experiment.blocks-count/1"
BLOCK_ID: Final = "experiment.block-id/1"
ACTIVE: Final = "experiment.active/1"
CONFIG: Final = "experiment.config/1"
ALL_CONFIGS: Final = "experiment.all-configs/1"
SUMMARY_DATA: Final = "experiment.summary-data/1"
STATUS_STRING: Final = "experiment.status-string/1"
MOVE_TO_NEXT: Final = "experiment.move-to-next/1"
MOVE_TO_BLOCK: Final = "experiment.move-to-block/1"
MOVE_ALL_TO_BLOCK: Final = "experiment.move-all-to-block/1"
NEW_PARTICIPANT: Final = "experiment.new-participant/1"
ADD_PARTICIPANT: Final = "experiment.add-participant/1"
ABANDON_PARTICIPANT: Final = "experiment.abandon-participant/1"

HIGHEST_PARTICIPANT: Final = 10_000_000
PAGE_LIMIT: Final = 1_000

Assignment: TypeAlias = Literal["next", "completion"]
"""Who comes next: one above the highest, or somebody of the row that fewest are in."""

_NAME: Final = re.compile(r"\w[\w.-]{0,99}", re.ASCII)


def check_experiment(text: str) -> str:
    """Return a session's name if it is one; it may come from anybody.

    Raises:
        ValueError: if it cannot be one.
    """
    if _NAME.fullmatch(text) is None:
        raise ValueError(
            "must be 1 to 100 letters, digits, '_', '-' or '.', "
            "and not begin with '-' or '.'"
        )
    return text


ExperimentName: TypeAlias = Annotated[str, AfterValidator(check_experiment)]
Participant: TypeAlias = Annotated[int, Field(ge=1, le=HIGHEST_PARTICIPANT)]
Block: TypeAlias = Annotated[int, Field(ge=-(2**31), lt=2**31)]
StudyName: TypeAlias = Annotated[str, AfterValidator(check_study)]
PageSize: TypeAlias = Annotated[int, Field(ge=1, le=PAGE_LIMIT)]


class Request(BaseModel):
    """What all requests share: unknown keys are refused, and nothing is taken for a number
    that is none, such as ``true`` for participant 1.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ExperimentRequest(Request):
    """What every request about one session says."""

    experiment: ExperimentName


class StudyRequest(ExperimentRequest):
    """``experiment.configure/1``: which study a session goes by from now on."""

    study: StudyName | None = Field(
        default=None, description="Path from the recipe folder, or name in the registry"
    )
    text: str | None = Field(
        default=None, description="The study itself, as TOML, instead of a name"
    )

    @model_validator(mode="after")
    def _one_source(self) -> StudyRequest:
        if (self.study is None) == (self.text is None):
            raise ValueError("must have 'study' or 'text', one of them")
        return self


class OpenRequest(StudyRequest):
    """``experiment.open/1``: begin a session, or find it begun in the same way."""

    default_participant: Participant = Field(
        default=1, description="Who is meant if nobody is named; there from the start"
    )
    assignment: Assignment = "next"
    abandoned_after_s: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="With assignment by completion: who has not moved for so long, and "
        "not ended, is abandoned when the next participant is asked for",
    )


class ListRequest(Request):
    """``experiment.list/1``: the sessions by name."""

    after: str = Field(default="", description="The last name of the page before")
    limit: PageSize = 100


class ShowRequest(ExperimentRequest):
    """``experiment.show/1``: a session, and where its participants stand, by number."""

    after: int = Field(default=0, description="The last one of the page before")
    limit: PageSize = PAGE_LIMIT


class AboutRequest(ExperimentRequest):
    """What is asked about, or done to, one participant; the default one if unset."""

    participant: Participant | None = None


class MoveToBlockRequest(AboutRequest):
    """``experiment.move-to-block/1``: move a participant to a block, from 0."""

    block: Block


class MoveAllRequest(ExperimentRequest):
    """``experiment.move-all-to-block/1``: move everybody to a block, from 0."""

    block: Block


class ParticipantRequest(ExperimentRequest):
    """What is done to one participant, who has to be named."""

    participant: Participant


class SessionEntry(Answer):
    """A session, in a list."""

    experiment: str
    opened_at: float


class ListReply(Answer):
    """A page of sessions."""

    experiments: list[SessionEntry]
    next: str | None = Field(description="Ask ``after`` this; unset at the end")


class Refused(Answer):
    """A study's file that cannot be used; the session goes by the former one."""

    study: str
    problems: list[ProblemEntry]


class PlaceEntry(Answer):
    """Where a participant stands."""

    participant: int
    position: int = Field(
        description="-1 before the first block, ``length`` at the end"
    )
    length: int = Field(description="How many blocks there are")
    name: str = Field(description="The block's name, ``START`` or ``END``")
    is_active: bool = Field(description="Whether they are in a block")
    is_abandoned: bool


class OpenReply(Answer):
    """How a session was begun, and its study."""

    experiment: str
    is_new: bool = Field(description="Whether this request began it")
    study: str
    sha256: str
    default_participant: int
    assignment: Assignment
    abandoned_after_s: float | None


class ConfigureReply(Answer):
    """The study that a session goes by."""

    experiment: str
    is_new: bool = Field(description="Whether this request changed it")
    study: str
    sha256: str


class ShowReply(Answer):
    """A session, and a page of its participants."""

    experiment: str
    opened_at: float
    version: int = Field(description="Of its stream: how many facts there are")
    study: str
    sha256: str
    default_participant: int
    assignment: Assignment
    abandoned_after_s: float | None
    count: int = Field(description="Participants in all")
    participants: list[PlaceEntry]
    next: int | None = Field(description="Ask ``after`` this; unset at the end")
    refused: Refused | None = Field(
        description="What became of the study's file, if it cannot be used now"
    )


class SummaryReply(Answer):
    """``experiment.summary-data/1``: who it is, and how many blocks they have."""

    participant_index: int
    configs_length: int


class MovedReply(Answer):
    """``experiment.move-to-next/1``: the name of the block, or ``END``."""

    name: str


class Number(RootModel[int]):
    """A reply that is a number."""


class Truth(RootModel[bool]):
    """A reply that is true or false."""


class Text(RootModel[str]):
    """A reply that is a text."""


class Config(RootModel[dict[str, JsonValue]]):
    """A reply that is a block's config."""


class Configs(RootModel[list[dict[str, JsonValue]]]):
    """A reply that is the configs of a participant's blocks, in their order."""
