"""The bare sqlite3 loop that the embedded broker is measured against.

What somebody would write by hand for one machine: a table, a claim, a settlement together
with the next claim in one transaction, on disk before anything counts as done. It makes the
same messages (the same envelope, decoded and encoded with the same library, deterministic
child ids), writes the same batched reports, and does nothing else: no schema checks, no
retries, no dead letters, no leases, no wake-ups between processes.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Sequence
from typing import Any, Final

from pydantic_core import from_json, to_json

from recado.ids import checksum, derived_id

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
    rows = [
        (queue, to_json(headers).decode(), body.decode()) for headers, body in messages
    ]
    database.execute("BEGIN IMMEDIATE")
    database.executemany(_INSERT, rows)
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
    children: list[tuple[str, str, str]] = []
    reports: list[dict[str, Any]] = []
    for _, headers, body in rows:
        started = time.perf_counter()
        child = _child(from_json(headers), from_json(body), children)
        reports.append(_report(queue, child, started))
    children.append(("events", "{}", to_json({"events": reports}).decode()))
    database.executemany(_INSERT, children)
    database.executemany(
        "DELETE FROM message WHERE id = ?", [(row[0],) for row in rows]
    )


def _child(
    headers: dict[str, str], envelope: dict[str, Any], children: list[Any]
) -> dict[str, Any]:
    recipe, pointer = envelope["recipe"], envelope["recipe-pointer"]
    sent = {
        "message": headers["recado-id"],
        "run": headers["recado-run"],
        "checksum": 0,
    }
    for target in recipe[str(pointer)].get("output", []):
        id_ = derived_id(headers["recado-id"], f"/{len(children)}")
        envelope["recipe-pointer"] = target
        envelope["recipe-path"].append(pointer)
        head = headers | {"recado-id": id_, "recado-parent": headers["recado-id"]}
        children.append(
            (
                recipe[str(target)]["queue"],
                to_json(head).decode(),
                to_json(envelope).decode(),
            )
        )
        sent["checksum"] = checksum(id_)
    return sent


def _report(queue: str, sent: dict[str, Any], started: float) -> dict[str, Any]:
    return {
        "id": derived_id(sent["message"], "outcome/0"),
        "stream": f"run-{sent['run']}",
        "type": "message.handled",
        "at": time.time(),
        "data": sent | {"queue": queue, "ms": (time.perf_counter() - started) * 1e3},
    }


def left(database: sqlite3.Connection, queues: Sequence[str]) -> int:
    """Return how many messages are not through yet."""
    marks = ",".join("?" * len(queues))
    sql = f"SELECT count(*) FROM message WHERE queue IN ({marks})"
    return int(database.execute(sql, tuple(queues)).fetchone()[0])


def fan_out(database: sqlite3.Connection, count: int) -> None:
    """Claim one message, and send many children of it, in two transactions."""
    database.execute("BEGIN IMMEDIATE")
    [(row, head, body)] = database.execute(_CLAIM, ("fan", 1)).fetchall()
    database.execute("COMMIT")
    headers, envelope = from_json(head), from_json(body)
    children: list[tuple[str, str, str]] = []
    envelope["recipe-path"].append(1)
    envelope["recipe-pointer"] = 2
    for number in range(count):
        id_ = derived_id(headers["recado-id"], f"/{number}")
        envelope["payload"] = {"number": number}
        own = headers | {"recado-id": id_, "recado-parent": headers["recado-id"]}
        children.append(("leaves", to_json(own).decode(), to_json(envelope).decode()))
    database.execute("BEGIN IMMEDIATE")
    database.executemany(_INSERT, children)
    database.execute("DELETE FROM message WHERE id = ?", (row,))
    database.execute("COMMIT")


if __name__ == "__main__":
    relay(sys.argv[1], sys.argv[2])
