"""Queues, messages and settlements in an embedded broker's tables, within a transaction.

Each statement that a busy service runs touches many rows at once, and hands its rows over
as one JSON text: between two steps of a statement Python lets other threads run, and a
busy event loop would make the writer wait at each of them.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic_core import to_json

from recado.errors import UnroutableError
from recado.message import NORMAL, Outgoing
from recado.transport.base import DEAD_LETTERS
from recado.transport.embedded.schema import DELAYED, READY
from recado.transport.routing import undeclared

_ROWS: Final = (64, 8, 1)
"""Rows of one INSERT; few sizes, so that each stays prepared."""

_INSERTS: Final = {
    rows: "INSERT INTO message (queue, state, priority, due, expires, headers, body) VALUES "
    + ",".join(["(?,?,?,?,?,?,?)"] * rows)
    for rows in _ROWS
}


EMPTY: Final = {
    state: f"DELETE FROM message WHERE queue = ? AND state = {state}"
    for state in (READY, DELAYED)
}


@dataclass(slots=True)
class Ending:
    """Settlements sorted by what is to be done to their rows."""

    rows: list[int] = field(default_factory=list[int])
    """All of them, to be checked."""
    done: list[int] = field(default_factory=list[int])
    released: list[int] = field(default_factory=list[int])
    retried: list[tuple[int, float, str]] = field(
        default_factory=list[tuple[int, float, str]]
    )
    dead: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])


class Store:
    """The tables, through one connection."""

    def __init__(
        self, database: sqlite3.Connection, clock: Callable[[], float], ceiling: int
    ) -> None:
        self.database = database
        self.woken: dict[int, int] = {}
        """Queues that got messages in this transaction, and how many."""
        self.clock = clock
        self.ceiling = ceiling
        self._queues: dict[str, int] = {}

    # Queues

    def queue_id(self, name: str) -> int | None:
        """Return a queue's number; none if nobody has declared it."""
        if (known := self._queues.get(name)) is not None:
            return known
        row = self.database.execute(
            "SELECT id, worker FROM queue WHERE name = ?", (name,)
        ).fetchone()
        if row is None:
            return None
        if row[1] is None:  # a temporary queue goes away with its worker
            self._queues[name] = row[0]
        return int(row[0])

    def forget(self) -> None:
        """Forget what was learnt in a transaction that was rolled back."""
        self._queues.clear()
        self.woken.clear()

    def declare(self, names: Iterable[str]) -> None:
        """Make the queues that are not there yet."""
        for name in names:
            if self.queue_id(name) is None:
                self.database.execute("INSERT INTO queue (name) VALUES (?)", (name,))

    def names(self) -> list[str]:
        """Return the declared queues' names."""
        return [
            name
            for (name,) in self.database.execute(
                "SELECT name FROM queue WHERE worker IS NULL ORDER BY name"
            )
        ]

    def missing(self, names: Iterable[str]) -> list[str]:
        """Return the queues among these that nobody has declared."""
        return [name for name in names if self.queue_id(name) is None]

    def undeclared(self, name: str) -> UnroutableError:
        """Return the error that says that nobody has declared a queue."""
        return undeclared(name, self.names())

    def has_worker(self, worker: int) -> bool:
        """Return whether a worker is registered still."""
        row = self.database.execute("SELECT 1 FROM worker WHERE id = ?", (worker,))
        return row.fetchone() is not None

    def add_temporary(self, name: str, topic: str | None, worker: int) -> int | None:
        """Make a queue that goes away with its worker, bound to a topic or to none.

        Returns its number; none if the worker is not registered any more.
        """
        if not self.has_worker(worker):
            return None
        cursor = self.database.execute(
            "INSERT INTO queue (name, topic, worker) VALUES (?, ?, ?)",
            (name, topic, worker),
        )
        return cursor.lastrowid

    def drop_temporary(self, queue: int) -> None:
        """Remove a temporary queue and what is in it."""
        # Nothing is held in it; and by state, since the indexes are.
        for state in (READY, DELAYED):
            self.database.execute(EMPTY[state], (queue,))
        self.database.execute(
            "DELETE FROM queue WHERE id = ? AND worker IS NOT NULL", (queue,)
        )

    # Messages

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Add messages to their queues; raises UnroutableError before anything is added."""
        now = self.clock()
        rows: list[Any] = []
        for outgoing in messages:
            if outgoing.is_topic:
                continue
            queue = self.queue_id(outgoing.queue)
            if queue is None:
                if outgoing.mandatory:
                    raise self.undeclared(outgoing.queue)
                continue
            rows.append(self._values(queue, outgoing, now))
        self._insert(rows)
        for outgoing in messages:
            if outgoing.is_topic:
                self._broadcast(outgoing, now)

    def _values(self, queue: int, outgoing: Outgoing, now: float) -> tuple[Any, ...]:
        message = outgoing.message
        delayed = outgoing.delay_s > 0
        expires = None if outgoing.expires_s is None else now + outgoing.expires_s
        return (
            queue,
            DELAYED if delayed else READY,
            outgoing.priority,
            now + outgoing.delay_s if delayed else now,
            expires,
            to_json(message.headers).decode(),
            _stored(message.body),
        )

    def _insert(self, rows: list[Any]) -> None:
        for queue, count in Counter(row[0] for row in rows).items():
            self.woken[queue] = self.woken.get(queue, 0) + count
        start = 0
        for size in _ROWS:
            while len(rows) - start >= size:
                values = [value for row in rows[start : start + size] for value in row]
                self.database.execute(_INSERTS[size], values)
                start += size

    def _broadcast(self, outgoing: Outgoing, now: float) -> None:
        subscribers = self.database.execute(
            "SELECT id FROM queue WHERE topic = ?", (outgoing.queue,)
        ).fetchall()
        self._insert([self._values(queue, outgoing, now) for (queue,) in subscribers])

    def unroutable(self, messages: Iterable[Outgoing]) -> str | None:
        """Return the first undeclared queue that a mandatory message is for."""
        for outgoing in messages:
            if (
                not outgoing.is_topic
                and outgoing.mandatory
                and self.queue_id(outgoing.queue) is None
            ):
                return outgoing.queue
        return None

    # Settlements

    def held(self, rows: Sequence[int], worker: int) -> bool:
        """Return whether the worker still holds every one of these rows."""
        (count,) = self.database.execute(
            "SELECT count(*) FROM message WHERE state = 2 AND worker = ?"
            " AND id IN (SELECT value FROM json_each(?))",
            (worker, ids_text(rows)),
        ).fetchone()
        return int(count) == len(rows)

    def lost(self, rows: Sequence[int], worker: int) -> set[int]:
        """Return the rows that the worker does not hold any more."""
        held = self.database.execute(
            "SELECT id FROM message WHERE state = 2 AND worker = ?"
            " AND id IN (SELECT value FROM json_each(?))",
            (worker, ids_text(rows)),
        )
        return set(rows) - {row for (row,) in held}

    def end(self, ending: Ending) -> None:
        """Carry out verdicts on rows that are held."""
        self.delete(ending.done)
        if ending.released:
            self.release(ending.released)
        if ending.retried:
            self._retry(ending.retried)
        if ending.dead:
            self.bury(ending.dead)

    def delete(self, rows: Sequence[int]) -> None:
        """Remove messages."""
        if rows:
            self.database.execute(
                "DELETE FROM message WHERE id IN (SELECT value FROM json_each(?))",
                (ids_text(rows),),
            )

    def release(self, rows: Sequence[int]) -> None:
        """Put messages back as if they had not been delivered."""
        self.wake_queues_of(rows)
        self.database.execute(
            "UPDATE message SET state = 0, worker = NULL, attempt = attempt - 1"
            " WHERE id IN (SELECT value FROM json_each(?))",
            (ids_text(rows),),
        )

    def _retry(self, rows: Sequence[tuple[int, float, str]]) -> None:
        now = self.clock()
        self.database.executemany(
            "UPDATE message SET state = ?, due = ?, headers = ?, worker = NULL,"
            " crashes = 0, company = 0 WHERE id = ?",
            [
                (DELAYED if after > 0 else READY, now + after, headers, row)
                for row, after, headers in rows
            ],
        )
        self.wake_queues_of([row for row, _, _ in rows])

    def bury(self, rows: Sequence[tuple[int, str]]) -> None:
        """Make messages dead letters, with new headers."""
        self.declare([DEAD_LETTERS])
        queue = self.queue_id(DEAD_LETTERS)
        assert queue is not None
        self.database.executemany(
            "UPDATE message SET queue = ?, state = 0, headers = ?, priority = ?, due = ?,"
            " expires = NULL, attempt = 0, crashes = 0, company = 0, worker = NULL"
            " WHERE id = ?",
            [(queue, headers, NORMAL, self.clock(), row) for row, headers in rows],
        )
        self.woken[queue] = self.woken.get(queue, 0) + len(rows)

    def wake_queues_of(self, rows: Sequence[int]) -> None:
        """Have those woken who wait for these messages."""
        counts = self.database.execute(
            "SELECT queue, count(*) FROM message"
            " WHERE id IN (SELECT value FROM json_each(?)) GROUP BY queue",
            (ids_text(rows),),
        )
        for queue, count in counts:
            self.woken[queue] = self.woken.get(queue, 0) + count


def _stored(body: bytes) -> str | bytes:
    """Return a body as text if it is text, since JSON cannot hand over anything else."""
    if b"\0" in body:
        return body
    try:
        return body.decode()
    except UnicodeDecodeError:
        return body


def ids_text(rows: Sequence[int]) -> str:
    """Return row numbers as the JSON text that statements take them in."""
    return f"[{','.join(map(str, rows))}]"
