"""Rehearsal: goes through a study with each participant before the study begins."""

from __future__ import annotations

from typing import cast

from pydantic import BaseModel, ConfigDict, Field

from recado.message import Message
from recado.retry import Reject
from recado.service import Service
from recado.step import Step
from recado_samples.timetable import Block, timetable, total_minutes


class Participant(BaseModel):
    """A participant and their blocks, as the expander sends them."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    participant: int = Field(ge=1)
    blocks: list[Block]


class Limits(BaseModel):
    """The step's parameters: who is away, and how long a participant may be kept."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    absent: tuple[int, ...] = Field(default=(), description="Participants who are away")
    minutes_limit: float = Field(
        default=90.0, gt=0, description="Minutes that a participant may be kept"
    )


class Rehearsal(Service):
    """Makes each participant's timetable; gives up those who are away or kept too long."""

    queue = "rehearsal"
    payload = Participant
    parameters = Limits

    async def handle(self, message: Message, step: Step) -> None:
        """Send the participant's timetable on."""
        given = cast("Participant", message.payload)
        limits = cast("Limits", step.parameters)
        minutes = total_minutes(given.blocks)
        check(given.participant, minutes, limits)
        await step.send(
            {
                "participant": given.participant,
                "blocks": timetable(given.blocks),
                "minutes": minutes,
            }
        )


def check(participant: int, minutes: float, limits: Limits) -> None:
    """Let a participant pass.

    Raises:
        Reject: if they are away, or would be kept too long.
    """
    if participant in limits.absent:
        raise Reject(f"participant {participant} did not turn up")
    if minutes > limits.minutes_limit:
        raise Reject(
            f"participant {participant} would be kept for {minutes:g} minutes, "
            f"more than the limit of {limits.minutes_limit:g}"
        )
