"""An embedded broker's tables in memory, with a clock that is moved."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager

from recado.message import ID, Message, Outgoing
from recado.transport.embedded import workers
from recado.transport.embedded.claims import Claim, Claimed
from recado.transport.embedded.schema import connect
from recado.transport.embedded.store import Store

QUEUE = "work"


class Tables:
    """A store with a queue, and ways to say what the tests say often."""

    def __init__(self, database: sqlite3.Connection, ceiling: int) -> None:
        self.now = 1_000_000.0
        self.store = Store(database, lambda: self.now, ceiling)
        self.store.declare([QUEUE])
        self.queue = self.store.queue_id(QUEUE) or 0

    def worker(self) -> int:
        """Register a process."""
        return workers.add(self.store, "1", 100.0)

    def publish(self, *names: str, delay_s: float = 0.0, priority: int = 4) -> None:
        """Add messages."""
        self.store.publish(
            [
                Outgoing(QUEUE, Message(b"{}", {ID: name}), delay_s, priority)
                for name in names
            ]
        )

    def claim(
        self, worker: int, wanted: int = 10_000, *, holding: bool = False
    ) -> Claimed:
        """Claim for a process."""
        return Claim(self.queue, worker).take(self.store, wanted, holding=holding)

    def crash(self, *begun: str) -> int:
        """Have a process claim everything, begin some of it and die; return its number."""
        worker = self.worker()
        taken = self.claim(worker)
        rows = [row.id for row in taken.rows if row.headers[ID] in begun]
        workers.remove(self.store, worker, rows)
        return worker

    def attempts(self) -> dict[str, int]:
        """Return how many attempts each message had, by name."""
        rows = self.store.database.execute(
            f"SELECT json_extract(headers, '$.\"{ID}\"'), attempt FROM message"
        )
        return {str(name): int(attempt) for name, attempt in rows}

    def plan(self, statement: str, values: Sequence[object] | dict[str, object]) -> str:
        """Return how SQLite carries out a statement."""
        rows = self.store.database.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        return "; ".join(str(row[3]) for row in rows)


@contextmanager
def tables(ceiling: int = 20) -> Generator[Tables]:
    """Make tables, and forget them."""
    database = connect(":memory:", durable=False)
    try:
        yield Tables(database, ceiling)
    finally:
        database.close()


def names(claimed: Claimed) -> list[str]:
    """Return the names of what was claimed."""
    return [row.headers[ID] for row in claimed.rows]
