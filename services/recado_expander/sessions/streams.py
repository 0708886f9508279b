"""The event store as sessions use it: streams read to their ends, and why it is away."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import contextmanager

from recado.clients.eventlog import EventLog
from recado.errors import RemoteError, TransportError
from recado.events import Event
from recado.schemas.events import PAGE_LIMIT, AppendedEvent, ReadReply
from recado_expander.sessions.errors import UnavailableError


class Streams:
    """Reads streams, and appends to them.

    Every method raises :class:`UnavailableError` if the event store does not answer.
    """

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def pages(
        self, stream: str, behind: int, limit: int = PAGE_LIMIT
    ) -> AsyncGenerator[ReadReply]:
        """Give what is behind a version of a stream, page by page; at least one."""
        start: int | None = behind + 1
        while start is not None:
            with _answers():
                page = await self._log.read(stream, start, limit=limit)
            yield page
            start = page.next_version

    async def append(
        self, events: Sequence[Event], expect: Mapping[str, int]
    ) -> list[AppendedEvent]:
        """Append events, all or none; return where each is, and whether it is new.

        Raises:
            ConflictError: if a stream is not at the version that is expected.
        """
        with _answers(
            "; what was asked may be done all the same: ask again by the same id"
        ):
            return await self._log.append(events, expect)


@contextmanager
def _answers(hint: str = "") -> Generator[None]:
    try:
        yield
    except (TransportError, RemoteError) as error:
        raise UnavailableError(
            f"the event store does not answer: {error}{hint}"
        ) from error
