"""An event log in memory: places are given by the event store's own ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, cast

from recado.clients.eventlog import EventLog
from recado.events import Event
from recado.message import decode, encode
from recado.schemas.events import AppendedEvent, ReadReply, StoredEvent
from recado_eventstore.ledger import Ledger, StreamRow
from recado_eventstore.store import Append, Place
from recado_expander.sessions.errors import UnavailableError
from recado_expander.sessions.streams import Streams


class Book(Streams):
    """Streams that any number of desks share, and what goes wrong with them."""

    def __init__(self, page: int = 1_000) -> None:
        super().__init__(cast("EventLog", None))
        self.streams: dict[str, list[StoredEvent]] = {}
        self.appends = 0
        self.reads = 0
        self.is_away = False
        self.loses_reply = False
        """Whether the next append is written, and nobody hears of it."""
        self._page = page
        self._known: dict[bytes, Place] = {}

    async def behind(self, stream: str, version: int, limit: int = 1_000) -> ReadReply:
        await asyncio.sleep(0)
        self._look()
        self.reads += 1
        events = self.streams.get(stream, [])
        page = events[version : version + min(limit, self._page)]
        last = version + len(page)
        next_version = last + 1 if page and last < len(events) else None
        return ReadReply(events=page, version=len(events), next_version=next_version)

    async def append(
        self, events: Sequence[Event], expect: Mapping[str, int]
    ) -> list[AppendedEvent]:
        await asyncio.sleep(0)
        self._look()
        self.appends += 1
        places = self._admitted(events, expect)
        if self.loses_reply:
            self.loses_reply = False
            raise UnavailableError("the event store does not answer")
        return [AppendedEvent(**place._asdict()) for place in places]

    def types(self, stream: str) -> list[str]:
        """Return the types of a stream's events."""
        return [event.type for event in self.streams.get(stream, [])]

    def _look(self) -> None:
        if self.is_away:
            raise UnavailableError("the event store does not answer")

    def _admitted(
        self, events: Sequence[Event], expect: Mapping[str, int]
    ) -> list[Place]:
        rows = {
            name: StreamRow(number, len(told))
            for number, (name, told) in enumerate(self.streams.items(), 1)
        }
        head = sum(map(len, self.streams.values()))
        append = Append.of(events, expect)
        places = Ledger(head, len(rows), self._known, rows).admit(append)
        for event, key, place in zip(events, append.keys, places, strict=True):
            if place.is_new:
                self._known[key] = place._replace(is_new=False)
                stream = self.streams.setdefault(place.stream, [])
                stream.append(_stored(event, place))
        return places


def _stored(event: Event, place: Place) -> StoredEvent:
    data: dict[str, Any] = decode(encode(event.data))
    return StoredEvent(
        id=event.id,
        stream=event.stream,
        type=event.type,
        at=event.at,
        data=data,
        version=place.version,
        position=place.position,
    )
