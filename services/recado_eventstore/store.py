"""The store's contract: what a database must do for the event store, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from recado.errors import RecadoError
from recado.schemas.events import (
    Expected,
    LogbookReply,
    ReadAllReply,
    ReadAllRequest,
    ReadReply,
    ReadRequest,
    RunReply,
    RunsReply,
    RunsRequest,
)
from recado_eventstore.facts import Fact, Pending, Told, read_facts
from recado_eventstore.quota import Quota


class StoreAwayError(RecadoError):
    """Raised when the database cannot be used now: locked, full, not to be opened."""


class Place(NamedTuple):
    """Where an event is."""

    stream: str
    version: int
    position: int
    is_new: bool = False
    """Whether it was written now; not if it was known before."""


@dataclass(frozen=True, slots=True)
class Append:
    """Events that are appended together, or not at all; made by :meth:`of`."""

    events: Sequence[Told]
    keys: Sequence[bytes]
    """The events' ids, as the sixteen bytes that they are."""
    facts: Mapping[int, Fact]
    """What they say of runs, by index."""
    expect: Mapping[str, Expected]
    quota: Quota | None = None
    """What must not be used up, unless the events are known already."""

    @classmethod
    def of(
        cls, events: Sequence[Told], expect: Mapping[str, Expected] | None = None
    ) -> Append:
        """Return the append of events whose names and ids are checked already.

        Raises:
            SchemaError: for data that a run's account cannot use, each with its path.
        """
        return cls(events, _keys(events), read_facts(events), expect or {})

    @classmethod
    def of_own(cls, events: Sequence[Told]) -> Append:
        """Return the append of events that the event store tells itself."""
        return cls(events, _keys(events), {}, {})

    @classmethod
    def of_admission(cls, quota: Quota) -> Append:
        """Return the append that admits a run, if its submitter may have one more."""
        events = [quota.admitted()]
        admitted = Fact(quota.run, quota.at, user=quota.user)
        admitted.pending = Pending("running", quota.at)
        return cls(events, _keys(events), {0: admitted}, {}, quota)


def _keys(events: Sequence[Told]) -> list[bytes]:
    return [bytes.fromhex(event.id.replace("-", "")) for event in events]


OnAppend = Callable[[int], None]
"""Is told the last position after each commit, in the event loop."""


class Store(Protocol):
    """A database of events; every method may be called many times at once.

    Each raises :class:`StoreAwayError` while the database cannot be used.
    """

    async def open(self) -> None:
        """Prepare the database.

        Raises:
            ConfigError: if it can never be used: another's file, a newer schema.
        """
        ...

    async def close(self) -> None:
        """Let go of the database, after what is being appended is on disk."""
        ...

    async def append(self, append: Append) -> list[Place]:
        """Return when the events are on disk, with the place of each.

        Raises:
            ConflictError: if a stream is not at what was expected; nothing is appended.
            OverLimitError: if the append has a quota that is used up; the same.
        """
        ...

    async def head(self) -> int:
        """Return the last position."""
        ...

    async def read(self, request: ReadRequest) -> ReadReply:
        """Return events of one stream."""
        ...

    async def read_all(self, request: ReadAllRequest) -> ReadAllReply:
        """Return events of all streams."""
        ...

    async def runs(self, request: RunsRequest) -> RunsReply:
        """Return runs, the newest first."""
        ...

    async def logbook(self, run: str) -> LogbookReply:
        """Return what a run was started from.

        Raises:
            NotFoundError: if nothing was ever told of it, or it is not started.
        """
        ...

    async def run(self, run: str) -> RunReply:
        """Return one run.

        Raises:
            NotFoundError: if nothing was ever told of it.
        """
        ...
