"""What the registry hears, is asked and answers: one model for each message."""

from __future__ import annotations

from typing import Any, Final, Literal, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from recado.errors import Problem, SchemaError
from recado.message import decode
from recado.schemas.answers import ProblemEntry
from recado.validation import validated

REGISTRY_QUEUE: Final = "registry"
SERVICES: Final = "registry.services/1"
RECIPES: Final = "registry.recipes/1"
STUDIES: Final = "registry.studies/1"
LOOKUP: Final = "registry.lookup/1"

REGISTRY_STREAM: Final = "registry"
REGISTERED: Final = "instance.registered"
LEFT: Final = "instance.left"
LOST: Final = "instance.lost"

BEAT_LIMIT: Final = 16 * 1024
"""Bytes of a heartbeat at most: the last one of each instance is kept."""

Kind: TypeAlias = Literal["service", "recipe", "study"]


class Beat(BaseModel):
    """A heartbeat in Zocalo's format; what else it says is kept as it is.

    ``recado`` is what our own services add to it.
    """

    model_config = ConfigDict(extra="allow")

    host: str = Field(
        pattern=r"^[!-~]{1,255}$", description="The instance: host and process id"
    )
    status: int = Field(ge=-(2**31), lt=2**31)
    statustext: str = Field(default="", max_length=200)
    service: str | None = Field(default=None, max_length=200)
    serviceclass: str | None = Field(default=None, max_length=200)
    recado: dict[str, Any] | None = None

    @property
    def queues(self) -> list[str]:
        """The queues that one of recado's instances says it takes from."""
        return _queues(self.recado)


def _queues(own: object) -> list[str]:
    facts = cast("dict[str, Any]", own) if isinstance(own, dict) else {}
    match facts.get("queues"):
        case [*names]:
            return [name for name in names if isinstance(name, str)]
        case _:
            return []


def read_beat(body: bytes) -> Beat:
    """Return the heartbeat in a message's body.

    Raises:
        SchemaError: with every problem, or if it is too large.
    """
    if len(body) > BEAT_LIMIT:
        text = f"{len(body)} bytes are too many; {BEAT_LIMIT} are allowed"
        raise SchemaError("heartbeat", [Problem("", text)])
    return validated(Beat, decode(body), "heartbeat")


class Strict(BaseModel):
    """The root of the models below: what they do not know is refused."""

    model_config = ConfigDict(extra="forbid")


class ServicesRequest(Strict):
    """``registry.services/1``: the instances that are alive."""

    service: str | None = Field(
        default=None, max_length=200, description="All if unset"
    )


class Instance(Strict):
    """An instance that is alive: what its last heartbeat said, and how long ago."""

    instance: str
    service: str
    status: int
    statustext: str
    since: float = Field(description="When it was first heard of, or says it started")
    age_s: float = Field(description="Seconds since its last heartbeat")
    ends_in_s: float = Field(description="Seconds until it counts as lost")
    beat: dict[str, JsonValue] = Field(description="Its last heartbeat as it came")

    @property
    def queues(self) -> list[str]:
        """The queues that it says it takes from, if it is one of recado's."""
        return _queues(self.beat.get("recado"))


class ServicesReply(Strict):
    """The instances, by service and instance."""

    instances: list[Instance]
    complete_in_s: float = Field(
        description="Until then some that are alive may not have been heard yet"
    )


class RecipesRequest(Strict):
    """``registry.recipes/1``: the recipes that can be started by name."""


class StepEntry(Strict):
    """A step of a recipe."""

    id: int
    queue: str | None = None
    topic: str | None = None
    service: str | None = None


class RecipeEntry(Strict):
    """A recipe: its steps, or what is wrong with it."""

    name: str
    steps: list[StepEntry]
    problems: list[ProblemEntry]
    digest: str = Field(default="", description="Of the document; empty if it has none")
    document: dict[str, JsonValue] | None = Field(
        default=None, description="The whole recipe, if it was asked for"
    )


class RecipesReply(Strict):
    """The recipes by name."""

    recipes: list[RecipeEntry]


class StudiesRequest(Strict):
    """``registry.studies/1``: the studies that can be expanded by name."""


class StudyEntry(Strict):
    """A study in the registry."""

    name: str = Field(description="With its version, if that is what it is named after")
    digest: str = Field(description="SHA-256 of its text; empty if that cannot be read")
    text: str | None = Field(
        default=None, description="The study itself, if it was asked for"
    )
    problem: str = Field(default="", description="Why it cannot be read")


class StudiesReply(Strict):
    """The studies by name; their texts are not looked into."""

    studies: list[StudyEntry]


class LookupRequest(Strict):
    """``registry.lookup/1``: what a name stands for."""

    kind: Kind
    name: str = Field(min_length=1, max_length=200)
    whole: bool = Field(
        default=False, description="Answer a recipe's document, a study's text"
    )
    known: str = Field(
        default="", max_length=64, description="The digest of one that need not travel"
    )
    digest: str = Field(
        default="",
        max_length=64,
        description="Of a study's versions that the name can mean, the one with this digest",
    )


class LookupReply(Strict):
    """What the name stands for: a recipe, a study, or a service with its instances."""

    kind: Kind
    name: str
    instances: list[Instance] = Field(default_factory=list[Instance])
    recipe: RecipeEntry | None = None
    study: StudyEntry | None = None
    complete_in_s: float = 0.0
