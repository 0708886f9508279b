"""A session's events: what their stream is called, made of facts, and read as facts again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Final, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from recado.events import Event
from recado.ids import derived_id
from recado.schemas.events import StoredEvent
from recado.schemas.experiments import Assignment
from recado.validation import validated
from recado_experiment.session import Fact, fact
from recado_experiment.session.place import BEFORE

INDEX: Final = "experiments"
"""The stream that names every session: one event for each."""
LISTED: Final = "experiment.listed"

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


def stream_of(experiment: str) -> str:
    """Return the name of the stream that holds a session's facts."""
    return f"experiment-{experiment}"


def event_id(cause: str, experiment: str, number: int) -> str:
    """Return the id of an event that a request causes; ``number`` counts them from 0.

    It derives from nothing else: done a second time, the request causes the same ids.
    """
    return derived_id(cause, f"experiment/{experiment}/{number}")


def events_of(cause: str, experiment: str, facts: Sequence[Fact]) -> list[Event]:
    """Return the events that tell of the facts that a request adds."""
    stream = stream_of(experiment)
    return [
        Event(event_id(cause, experiment, number), stream, it.type, it.data, it.at)
        for number, it in enumerate(facts)
    ]


def listing(cause: str, experiment: str, at: float) -> Event:
    """Return the event that enters a session in the index."""
    id_ = derived_id(cause, f"{INDEX}/{experiment}")
    return Event(id_, INDEX, LISTED, {"experiment": experiment}, at)


def fact_of(event: StoredEvent | Event) -> Fact:
    """Return the fact that an event tells; anybody may have appended it.

    Raises:
        SchemaError: if its data are not those of its type.
    """
    if model := _MODELS.get(event.type):
        validated(model, event.data, "data")
    return Fact(event.type, event.data, event.at)
