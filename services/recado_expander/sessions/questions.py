"""What is asked about a session; each question changes nothing."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from recado.message import Json
from recado.schemas.experiments import (
    PlaceEntry,
    Refused,
    ShowReply,
    ShowRequest,
    SummaryReply,
)
from recado_experiment.session import Session


@dataclass(frozen=True, slots=True)
class View:
    """A session at one moment, and what its stream does not say."""

    session: Session
    version: int
    opened_at: float
    refused: Refused | None
    """What became of the study's file, if it cannot be used now."""


T = TypeVar("T")
Question: TypeAlias = Callable[[View], T]


def show(view: View, request: ShowRequest) -> ShowReply:
    """Return the session, and a page of its participants by number."""
    session = view.session
    numbers = sorted(session.participants)
    first = bisect_right(numbers, request.after)
    page = numbers[first : first + request.limit]
    is_last = first + len(page) == len(numbers)
    return ShowReply(
        experiment=request.experiment,
        opened_at=view.opened_at,
        version=view.version,
        study=session.name,
        sha256=session.sha256,
        default_participant=session.default,
        assignment=session.assignment,
        abandoned_after_s=session.abandoned_after_s,
        count=len(numbers),
        participants=[_entry(session, each) for each in page],
        next=None if is_last else page[-1],
        refused=view.refused,
    )


def blocks_count(view: View, participant: int | None) -> int:
    """Return how many blocks a participant has."""
    return view.session.place(participant).length


def block_id(view: View, participant: int | None) -> int:
    """Return where a participant is; -1 before the first block, their number at the end."""
    return view.session.place(participant).position


def active(view: View, participant: int | None) -> bool:
    """Return whether a participant is in a block."""
    return view.session.place(participant).is_active


def config(view: View, participant: int | None) -> dict[str, Json]:
    """Return the config of the block that a participant is in."""
    return view.session.config(participant)


def all_configs(view: View, participant: int | None) -> list[dict[str, Json]]:
    """Return the configs of a participant's blocks."""
    return view.session.configs(participant)


def summary_data(view: View, participant: int | None) -> SummaryReply:
    """Return who a participant is, and how many blocks they have."""
    place = view.session.place(participant)
    return SummaryReply(
        participant_index=place.participant, configs_length=place.length
    )


def status_string(view: View, participant: int | None) -> str:
    """Return where a participant is, for people to read."""
    return view.session.place(participant).status


def _entry(session: Session, participant: int) -> PlaceEntry:
    place = session.place(participant)
    return PlaceEntry(
        participant=participant,
        position=place.position,
        length=place.length,
        name=place.name,
        is_active=place.is_active,
        is_abandoned=place.is_abandoned,
    )
