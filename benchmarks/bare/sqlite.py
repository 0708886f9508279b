"""The bare sqlite3 loop that the embedded broker is measured against.

A table, a claim, a settlement together with the next claim in one transaction, on disk
before anything counts as done; no leases, no wake-ups between processes.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from pydantic_core import from_json, to_json

from benchmarks.bare.work import Sent, handled

BATCH: Final = 100
_IDLE_S: Final = 0.001

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS message (
    id INTEGER PRIMARY KEY, queue TEXT NOT NULL, held INTEGER NOT NULL DEFAULT 0,
    headers TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS message_ready ON message (queue, id) WHERE held = 0;
"""
_INSERT: Final = "INSERT INTO message (queue, headers, body) VALUES (?, ?, ?)"
_CLAIM: Final = """
UPDATE message SET held = 1 WHERE id IN (
    SELECT id FROM message WHERE queue = ? AND held = 0 ORDER BY id LIMIT ?)
RETURNING id, headers, body
"""

Row = tuple[int, str, str]


def connect(path: str) -> sqlite3.Connection:
    """Return a connection with the durability that the embedded broker has."""
    database = sqlite3.connect(path, isolation_level=None, timeout=60)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("PRAGMA synchronous=FULL")
    database.executescript(_SCHEMA)
    return database


def preload(database: sqlite3.Connection, queue: str, messages: Sequence[Any]) -> None:
    """Put messages, as headers and body, into a queue in one transaction."""
    database.execute("BEGIN IMMEDIATE")
    _insert(database, [(queue, headers, body) for headers, body in messages])
    database.execute("COMMIT")


def relay(path: str, queue: str) -> None:
    """Carry messages from a queue to where the recipe sends them, until killed."""
    database = connect(path)
    finished: list[Row] = []
    while True:
        database.execute("BEGIN IMMEDIATE")
        if finished:
            _settle(database, queue, finished)
        finished = database.execute(_CLAIM, (queue, BATCH)).fetchall()
        database.execute("COMMIT")
        if not finished:
            time.sleep(_IDLE_S)


def _settle(database: sqlite3.Connection, queue: str, rows: Sequence[Row]) -> None:
    sent = handled(queue, [(from_json(headers), body) for _, headers, body in rows])
    _insert(database, sent)
    database.executemany(
        "DELETE FROM message WHERE id = ?", [(row[0],) for row in rows]
    )


def _insert(database: sqlite3.Connection, sent: Sequence[Sent]) -> None:
    rows = [
        (queue, to_json(head).decode(), body.decode()) for queue, head, body in sent
    ]
    database.executemany(_INSERT, rows)


def left(database: sqlite3.Connection, queues: Sequence[str]) -> int:
    """Return how many messages are not through yet."""
    marks = ",".join("?" * len(queues))
    sql = f"SELECT count(*) FROM message WHERE queue IN ({marks})"
    return int(database.execute(sql, tuple(queues)).fetchone()[0])


def fan_out(database: sqlite3.Connection) -> None:
    """Claim one message, and send its children, in two transactions."""
    database.execute("BEGIN IMMEDIATE")
    taken = database.execute(_CLAIM, ("fan", 1)).fetchall()
    database.execute("COMMIT")
    database.execute("BEGIN IMMEDIATE")
    _settle(database, "fan", taken)
    database.execute("COMMIT")


if __name__ == "__main__":
    relay(sys.argv[1], sys.argv[2])
