"""What can be seen of an embedded broker without changing it."""

from __future__ import annotations

import sqlite3
from typing import Any, Final, Literal

from pydantic_core import from_json

from recado.message import Message
from recado.transport.base import Browsed, Depth
from recado.transport.embedded.schema import DELAYED, HELD
from recado.transport.routing import undeclared

DEPTH: Final = """
SELECT
    (SELECT count(*) FROM message WHERE queue = :q AND state = 0),
    (SELECT count(*) FROM message WHERE queue = :q AND state = 1 AND due <= :now),
    (SELECT count(*) FROM message WHERE queue = :q AND state = 1 AND due > :now),
    (SELECT count(*) FROM message WHERE queue = :q AND state = 2)
"""

_FEW: Final = 10_000
ARE_FEW: Final = f"""
SELECT count(*) <= {_FEW} FROM (
    SELECT 1 FROM message INDEXED BY message_ready
    WHERE queue = :q AND state = 0 LIMIT {_FEW + 1})
"""
_ROWS: Final = "SELECT id, state, priority, due, attempt, headers, body FROM message"
_BY_AGE: Final = f"{_ROWS} WHERE queue = :q AND id > :after ORDER BY id LIMIT :limit"
BY_STATE: Final = f"""{_ROWS} WHERE id IN (SELECT id FROM (
    SELECT id FROM message INDEXED BY message_ready WHERE queue = :q AND state = 0
    UNION ALL
    SELECT id FROM message INDEXED BY message_due WHERE queue = :q AND state = 1
    UNION ALL
    SELECT id FROM message INDEXED BY message_held WHERE queue = :q AND state = 2
) WHERE id > :after ORDER BY id LIMIT :limit) ORDER BY id
"""
"""The same rows: without a look at those of other queues, but at all of this one's."""


def version(database: sqlite3.Connection, _now: float) -> int:
    """Return a number that changes when another connection has written."""
    (number,) = database.execute("PRAGMA data_version").fetchone()
    return int(number)


def workers(database: sqlite3.Connection, _now: float) -> list[int]:
    """Return the workers that are registered."""
    return [worker for (worker,) in database.execute("SELECT id FROM worker")]


def next_due(database: sqlite3.Connection, _now: float) -> float | None:
    """Return when the next delayed message is due."""
    (due,) = database.execute(
        "SELECT min(due) FROM message INDEXED BY message_due WHERE state = 1"
    ).fetchone()
    return None if due is None else float(due)


def _number(database: sqlite3.Connection, queue: str) -> int:
    row = database.execute("SELECT id FROM queue WHERE name = ?", (queue,)).fetchone()
    if row is None:
        raise undeclared(queue, [name for name, _ in _declared(database)])
    return int(row[0])


def _declared(database: sqlite3.Connection) -> list[tuple[str, int]]:
    return database.execute(
        "SELECT name, id FROM queue WHERE worker IS NULL ORDER BY name"
    ).fetchall()


def depth(database: sqlite3.Connection, now: float, queue: str) -> Depth:
    """Return how many messages a queue holds, by state."""
    return _depth(database, now, _number(database, queue))


def depths(database: sqlite3.Connection, now: float) -> dict[str, Depth]:
    """Return the depth of each declared queue, by name."""
    return {name: _depth(database, now, number) for name, number in _declared(database)}


def _depth(database: sqlite3.Connection, now: float, number: int) -> Depth:
    counts = database.execute(DEPTH, {"q": number, "now": now}).fetchone()
    ready, due, delayed, held = counts
    return Depth(ready + due, delayed, held)


def browse(
    database: sqlite3.Connection, now: float, queue: str, limit: int, after: int
) -> list[Browsed]:
    """Return messages of a queue by age, whatever their state."""
    values = {"q": _number(database, queue), "after": after, "limit": limit}
    (are_few,) = database.execute(ARE_FEW, values).fetchone()
    rows = database.execute(BY_STATE if are_few else _BY_AGE, values)
    return [_browsed(row, now) for row in rows]


def _browsed(row: tuple[Any, ...], now: float) -> Browsed:
    id_, state, priority, due, attempt, headers, body = row
    shown: Literal["ready", "delayed", "held"] = "ready"
    if state == HELD:
        shown = "held"
    elif state == DELAYED and due > now:
        shown = "delayed"
    content = body.encode() if isinstance(body, str) else body
    message = Message(content, from_json(headers))
    return Browsed(message, id_, attempt, shown, priority, due)
