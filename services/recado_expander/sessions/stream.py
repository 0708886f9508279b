"""A session's stream: what it is called, and events made of facts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recado.events import Event
from recado.ids import derived_id
from recado_experiment.session import Fact

INDEX: Final = "experiments"
"""The stream that names every session: one event for each."""
LISTED: Final = "experiment.listed"


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
