"""Requests: which study is expanded, for whom, and into what.

A step's parameters and its payload have the same form. What the payload says goes before
what the parameters say, so that one recipe serves many requests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    model_validator,
)

from recado.errors import Problem, SchemaError
from recado.schemas.experiments import HIGHEST_PARTICIPANT
from recado.studies import TEXT, check_study
from recado_expander.sending import By
from recado_experiment import Ranges, StudyError, parse_ranges

MAX_PARTS: Final = 100_000
"""The entries of a list of participants, and as many parts of a text, at most: a list is
split into smaller requests, which are texts."""


def _participants(value: object) -> Ranges:
    try:
        found = parse_ranges(_written(value))
    except StudyError as error:
        shown = "; ".join(map(str, error.problems[:10]))
        raise _no_participants(shown) from None
    highest = found.parts[-1][-1]
    if highest > HIGHEST_PARTICIPANT:
        raise _no_participants(f"{highest} is above {HIGHEST_PARTICIPANT}")
    return found


def _written(value: object) -> str:
    """Return participants as a text, whatever form they came in."""
    items = cast("list[object]", value) if isinstance(value, list) else [value]
    parts = value.count(",") + 1 if isinstance(value, str) else len(items)
    if parts > MAX_PARTS:
        raise _no_participants("too long; write neighbours as ranges")
    if isinstance(value, str):
        return value
    if not all(type(item) is int for item in items):
        raise _no_participants("numbers are whole")
    return ",".join(map(str, items))


def _no_participants(why: str) -> ValueError:
    return ValueError(
        f"must be participants from 1 to {HIGHEST_PARTICIPANT}, such as '1-50,60', "
        f"[1, 2, 5] or 7 ({why})"
    )


class Request(BaseModel):
    """What a step's parameters, and a payload, may say."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    study: Annotated[str, AfterValidator(check_study)] | None = Field(
        default=None,
        description="The study's path, from the recipe folder, or its registry name",
    )
    text: str | None = Field(
        default=None, description="The study itself, as TOML, instead of a path"
    )
    participants: Annotated[Ranges, PlainValidator(_participants)] | None = Field(
        default=None, description="For whom: '1-50,60', a list of numbers, or one"
    )
    by: By | None = Field(
        default=None,
        description="One message for each participant, each block, or each chunk",
    )
    sha256: str | None = Field(
        default=None,
        pattern="^[0-9a-f]{64}$",
        description="What the study's digest has to be; any if it is not given",
    )
    part_of: str | None = Field(
        default=None,
        pattern="^[0-9a-f-]{36}$",
        description="The id of the request that this one is split from, if it is",
    )

    @model_validator(mode="before")
    @classmethod
    def _nothing(cls, value: Any) -> Any:
        # Recipes start their steps with these when there is nothing to say.
        return {} if value in (None, "", []) else value

    @model_validator(mode="after")
    def _one_source(self) -> Request:
        if self.study is not None and self.text is not None:
            raise ValueError("must have 'study' or 'text', one of them")
        return self

    @property
    def has_source(self) -> bool:
        """Whether it says which study."""
        return self.study is not None or self.text is not None


@dataclass(frozen=True, slots=True)
class Job:
    """One request, complete: what its parameters and its payload say together."""

    study: str | None
    text: str | None
    participants: Ranges
    by: By
    sha256: str | None
    whole: str
    """The id of the request as it was made, which this may be a part of."""
    is_part: bool
    carried: Mapping[str, str]
    """What the payload says, apart from the participants: a smaller request says it too."""

    @property
    def name(self) -> str:
        """What the study is called in events and errors."""
        return self.study or TEXT

    def of(self, name: str) -> Job:
        """Return the same job for the study of a name that can mean one only.

        So a newer version does not take the place of what was found for the first.
        """
        if name == self.name:
            return self
        return replace(self, study=name, carried={**self.carried, "study": name})

    def smaller(self, participants: Ranges, sha256: str) -> dict[str, str]:
        """Return the payload that asks the same for some of the participants only.

        The digest keeps all of them to the one study, should its file change meanwhile.
        """
        return {
            **self.carried,
            "participants": str(participants),
            "sha256": sha256,
            "part_of": self.whole,
        }


def job_of(parameters: Request, payload: Request, id_: str) -> Job:
    """Return the job that a step's parameters and a payload make together.

    The payload goes first, key by key. ``study`` and ``text`` count as one key, and a
    ``sha256`` belongs to the study that it stands beside. ``id_`` is the message's.

    Raises:
        SchemaError: if neither says which study, or for whom.
    """
    source = payload if payload.has_source else parameters
    participants = payload.participants or parameters.participants
    problems: list[Problem] = []
    if not source.has_source:
        problems.append(_missing("study", "or 'text'"))
    if participants is None:
        problems.append(_missing("participants"))
    if problems or participants is None:
        raise SchemaError("message", problems)
    return Job(
        source.study,
        source.text,
        participants,
        payload.by or parameters.by or "participant",
        payload.sha256 or source.sha256,
        payload.part_of or id_,
        payload.part_of is not None,
        payload.model_dump(include={"study", "text", "by"}, exclude_none=True),
    )


def _missing(key: str, other: str = "") -> Problem:
    given = f"{key!r} {other}".strip()
    return Problem(
        f"parameters.{key}", f"is missing; {given} has to be here or in the payload"
    )
