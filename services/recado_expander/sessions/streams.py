"""The event store as sessions use it: pages of streams, appends, and why it is away."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager

from recado.clients.eventlog import EventLog
from recado.errors import RemoteError, TransportError
from recado.events import Event
from recado.schemas.events import PAGE_LIMIT, AppendedEvent, ReadReply
from recado_expander.sessions.errors import UnavailableError


class Streams:
    """Reads streams, and appends to them.

    Both raise :class:`UnavailableError` if the event store does not answer.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def behind(
        self, stream: str, version: int, limit: int = PAGE_LIMIT
    ) -> ReadReply:
        """Return a page of what is behind a version of a stream."""
        with _answered():
            return await self._log.read(stream, version + 1, limit=limit)

    async def append(
        self, events: Sequence[Event], expect: Mapping[str, int]
    ) -> list[AppendedEvent]:
        """Append events, all or none; return where each is, and whether it is new.

        Raises:
            ConflictError: if a stream is not at the version that is expected.
        """
        with _answered("; what was asked may be done: ask again under the same id"):
            return await self._log.append(events, expect)


@contextmanager
def _answered(hint: str = "") -> Generator[None]:
    try:
        yield
    except (TransportError, RemoteError) as error:
        text = f"the event store does not answer: {error}{hint}"
        raise UnavailableError(text) from error
