"""Quotas: how many runs of one submitter may be at work at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from recado.errors import RecadoError
from recado.events import RUN_ADMITTED, Event, run_stream
from recado.ids import as_id, derived_id

ADMITTED_S: Final = 600.0
"""A run that was admitted, and not started in this time, keeps nobody else waiting."""


@dataclass(frozen=True, slots=True)
class Quota:
    """A run that asks to be admitted, and the submitter's limit."""

    run: str
    user: str
    limit: int
    at: float

    def admitted(self) -> Event:
        """Return the event that tells of the admission: a run has one."""
        return Event(
            derived_id(as_id(self.run), "admitted"),
            run_stream(self.run),
            RUN_ADMITTED,
            {"user": self.user, "limit": self.limit},
            self.at,
        )


class OverLimitError(RecadoError):
    """Raised for a run whose submitter has as many at work as there may be."""

    def __init__(self, quota: Quota, running: int) -> None:
        self.quota = quota
        self.running = running
        who = repr(quota.user) if quota.user else "whoever gives no name"
        super().__init__(
            f"{running} runs of {who} are at work, {quota.limit} may be at a time"
        )
