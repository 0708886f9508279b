"""Reading events from SQLite, a bounded page at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from recado.message import decode, encode
from recado.schemas.events import (
    ReadAllReply,
    ReadAllRequest,
    ReadReply,
    ReadRequest,
    StoredEvent,
)

PAGE_BYTES: Final = 4_000_000
"""A page ends early when its data is larger: some brokers take no larger message."""
SCAN_LIMIT: Final = 20_000
"""Events that are looked at for one page; few of them may match."""

_COLUMNS: Final = (
    "events.id, streams.name, events.type, events.at, events.data, events.version, "
    "events.position"
)
_STREAM: Final = (
    f"SELECT {_COLUMNS} FROM events CROSS JOIN streams ON streams.id = events.stream "
    "WHERE events.stream = ? AND events.version "
)
_FORWARDS: Final = _STREAM + ">= ? ORDER BY events.version LIMIT ?"
_BACKWARDS: Final = _STREAM + "<= ? ORDER BY events.version DESC LIMIT ?"
_ALL: Final = f"""
SELECT {_COLUMNS} FROM events CROSS JOIN streams ON streams.id = events.stream
WHERE events.position > :position AND events.position <= :last
    AND (:types = '[]' OR events.type IN (SELECT value FROM json_each(:types)))
    AND substr(streams.name, 1, length(:prefix)) = :prefix
ORDER BY events.position LIMIT :limit
"""
_Row = tuple[bytes, str, str, float, str, int, int]


def head(db: sqlite3.Connection) -> int:
    """Return the last position."""
    (position,) = db.execute("SELECT ifnull(max(position), 0) FROM events").fetchone()
    return int(position)


def read(db: sqlite3.Connection, request: ReadRequest) -> ReadReply:
    """Return events of one stream."""
    found = db.execute(
        "SELECT id, version FROM streams WHERE name = ?", [request.stream]
    ).fetchone()
    if found is None:
        return ReadReply(events=[], version=0, next_version=None)
    stream, version = found
    start = request.from_version
    if start is None:
        start = version if request.backwards else 1
    statement = _BACKWARDS if request.backwards else _FORWARDS
    events, _ = _page(db.execute(statement, [stream, start, request.limit]))
    return ReadReply(
        events=events,
        version=version,
        next_version=_next_version(events, version, request.backwards),
    )


def read_all(db: sqlite3.Connection, request: ReadAllRequest) -> ReadAllReply:
    """Return events of all streams, and how far they were looked at."""
    last = head(db)
    scanned = min(last, request.position + SCAN_LIMIT)
    rows = db.execute(
        _ALL,
        {
            "position": request.position,
            "last": scanned,
            "types": encode(request.types).decode(),
            "prefix": request.prefix,
            "limit": request.limit,
        },
    )
    events, is_cut = _page(rows)
    if is_cut or len(events) == request.limit:
        scanned = events[-1].position
    return ReadAllReply(
        events=events, position=max(scanned, request.position), head=last
    )


def _next_version(
    events: list[StoredEvent], version: int, backwards: bool
) -> int | None:
    if not events:
        return None
    last = events[-1].version
    if backwards:
        return last - 1 if last > 1 else None
    return last + 1 if last < version else None


def _page(rows: Iterable[_Row]) -> tuple[list[StoredEvent], bool]:
    """Return the events in the rows, and whether there was too much for one page."""
    events: list[StoredEvent] = []
    size = 0
    for row in rows:
        size += len(row[4])
        if events and size > PAGE_BYTES:
            return events, True
        events.append(_event(row))
    return events, False


def _event(row: _Row) -> StoredEvent:
    key, stream, type_, at, data, version, position = row
    return StoredEvent(
        id=str(UUID(bytes=key)),
        stream=stream,
        type=type_,
        at=at,
        data=decode(data.encode()),
        version=version,
        position=position,
    )
