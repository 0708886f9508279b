"""The index: every session there is, by name."""

from __future__ import annotations

import asyncio
from bisect import bisect_right

from recado.schemas.events import StoredEvent
from recado.schemas.experiments import ListReply, ListRequest, SessionEntry
from recado_expander.sessions.events import INDEX, LISTED
from recado_expander.sessions.streams import Streams


class Index:
    """Knows every session's name, and when it was opened."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._lock = asyncio.Lock()
        self._opened: dict[str, float] = {}
        self._version = 0

    async def names(self) -> list[str]:
        """Return the names, sorted.

        Raises:
            UnavailableError: if the event store does not answer.
        """
        async with self._lock:
            await self._catch_up()
        return sorted(self._opened)

    async def page(self, request: ListRequest) -> ListReply:
        """Return a page of sessions.

        Raises:
            UnavailableError: if the event store does not answer.
        """
        names = await self.names()
        first = bisect_right(names, request.after)
        page = names[first : first + request.limit]
        is_last = first + len(page) == len(names)
        entries = [
            SessionEntry(experiment=name, opened_at=self._opened[name]) for name in page
        ]
        return ListReply(experiments=entries, next=None if is_last else page[-1])

    async def _catch_up(self) -> None:
        next_version: int | None = self._version + 1
        while next_version is not None:
            page = await self._streams.behind(INDEX, self._version)
            if page.version < self._version:
                # Somebody has put an older log back.
                self._opened, self._version = {}, 0
                continue
            for event in page.events:
                self._take(event)
            next_version = page.next_version

    def _take(self, event: StoredEvent) -> None:
        self._version = event.version
        name = event.data.get("experiment")
        if event.type == LISTED and isinstance(name, str):
            self._opened.setdefault(name, event.at)
