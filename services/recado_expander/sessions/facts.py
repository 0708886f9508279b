"""The facts that a session's events hold; anybody may append to a stream."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from recado.events import Event
from recado.schemas.events import StoredEvent
from recado.schemas.experiments import Assignment
from recado.validation import validated
from recado_experiment.session import Fact, fact
from recado_experiment.session.place import BEFORE

_Participant: TypeAlias = Annotated[int, Field(ge=1)]
_Position: TypeAlias = Annotated[int, Field(ge=BEFORE)]


class _Data(BaseModel):
    """The root of the data below; a later release may tell more."""

    model_config = ConfigDict(strict=True)


class _Opened(_Data):
    default_participant: _Participant
    assignment: Assignment
    abandoned_after_s: float | None


class _Configured(_Data):
    study: str
    sha256: str = Field(min_length=1)
    text: str


class _OfParticipant(_Data):
    participant: _Participant


class _Moved(_OfParticipant):
    position: _Position
    name: str


class _AllMoved(_Data):
    position: _Position
    ended: list[int]


_MODELS: Final[Mapping[str, type[_Data]]] = {
    fact.OPENED: _Opened,
    fact.CONFIGURED: _Configured,
    fact.ADDED: _OfParticipant,
    fact.MOVED: _Moved,
    fact.ENDED: _OfParticipant,
    fact.ABANDONED: _OfParticipant,
    fact.ALL_MOVED: _AllMoved,
}


def fact_of(event: StoredEvent | Event) -> Fact:
    """Return the fact that an event tells.

    Raises:
        SchemaError: if its data are not those of its type.
    """
    if model := _MODELS.get(event.type):
        validated(model, event.data, "data")
    return Fact(event.type, event.data, event.at)
