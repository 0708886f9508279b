"""The timetable of one participant: which block begins when, and how long all of it takes."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field


class BlockConfig(BaseModel):
    """What of a block's config decides how long it takes; the rest is the study's own."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    trials: int = Field(gt=0, le=1_000_000)
    seconds_per_trial: float = Field(gt=0, le=86_400)

    @property
    def minutes(self) -> float:
        """The minutes that the block takes."""
        return self.trials * self.seconds_per_trial / 60


class Block(BaseModel):
    """A block of a study, as the expander sends it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: str
    config: BlockConfig


class Slot(BaseModel):
    """A block in the timetable."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    starts_at: float
    """Minutes after the participant's start."""
    minutes: float


def timetable(blocks: Sequence[Block]) -> list[Slot]:
    """Return the blocks with their beginnings and lengths, one after the other."""
    slots: list[Slot] = []
    now = 0.0
    for block in blocks:
        minutes = block.config.minutes
        slots.append(
            Slot(name=block.name, starts_at=round(now, 2), minutes=round(minutes, 2))
        )
        now += minutes
    return slots


def total_minutes(blocks: Sequence[Block]) -> float:
    """Return the minutes that all blocks take together."""
    return round(sum(block.config.minutes for block in blocks), 2)
