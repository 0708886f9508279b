"""What is to be seen of an installation at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

OLD_S: Final = 10.0
"""From this age on a heartbeat's age is shown."""
LATE_S: Final = 60.0
"""From this age on it stands out."""


@dataclass(frozen=True, slots=True)
class InstanceRow:
    """An instance, by its last heartbeat."""

    service: str
    instance: str
    state: str
    age_s: float
    has_ended: bool = False
    is_ours: bool = True
    share: float | None = None
    """How much of the time it worked lately, from 0 to 1."""
    in_work: int | None = None
    """Messages that it works on."""
    concurrency: int | None = None
    """How many it may work on at once."""
    rate: float | None = None
    """Messages handled in a second, lately."""
    handled: int | None = None
    dead: int | None = None
    version: str = ""
    tag: str = ""

    @property
    def is_old(self) -> bool:
        """Whether it was not heard as it should have been."""
        return self.age_s > OLD_S and not self.has_ended

    @property
    def is_late(self) -> bool:
        """Whether it is probably gone."""
        return self.age_s > LATE_S and not self.has_ended


@dataclass(frozen=True, slots=True)
class QueueRow:
    """A queue: how many messages it holds, and how many more than a while ago."""

    queue: str
    ready: int
    delayed: int
    held: int
    growth: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """Everything there is to see."""

    broker: str
    is_connected: bool = True
    instances: tuple[InstanceRow, ...] = ()
    queues: tuple[QueueRow, ...] = ()
    runs: Mapping[str, str] = field(default_factory=dict[str, str])
    """How many runs there are, by their state; empty as long as nobody has said."""
    letters: int | None = None
    """How many dead letters there are, once somebody has said."""
    away: tuple[str, ...] = ()
    """The services that were asked and do not answer."""
