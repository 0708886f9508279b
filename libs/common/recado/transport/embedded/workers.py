"""Workers: who is registered, and what becomes of that which one of them held."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from recado.transport.embedded.store import Store, ids_text

_SHARE: Final = 16
"""A company of suspects has this part of those that were in work at the crash: so much
smaller that hundreds need two crashes more to tell which one kills, not one after the
other the time of all the innocent."""

_BLAME: Final = f"""
UPDATE message SET state = 0, worker = NULL,
    attempt = attempt - (company > 1 AND :count > 1),
    crashes = crashes + NOT (company > 1 AND :count > 1),
    company = max(1, iif(company = 0, :count, min(company, :count)) / {_SHARE})
WHERE id IN (SELECT value FROM json_each(:rows))
"""
"""A suspect that dies in company again is not charged with it: another one is to blame,
most likely, and the next company is smaller."""


def host_time() -> float:
    """Return seconds on a clock that all processes of a host share and nobody sets.

    It stands still while the host sleeps: nobody's lease ends in the meantime.
    """
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def add(store: Store, name: str, lease: float) -> int:
    """Register a process; its number is never used again."""
    cursor = store.database.execute(
        "INSERT INTO worker (name, lease) VALUES (?, ?)", (name, lease)
    )
    return int(cursor.lastrowid or 0)


def renew(store: Store, worker: int, lease: float) -> bool:
    """Prolong a lease; false if it has ended, and others took what was held."""
    cursor = store.database.execute(
        "UPDATE worker SET lease = ? WHERE id = ?", (lease, worker)
    )
    return cursor.rowcount == 1


def overdue(store: Store, now: float) -> list[int]:
    """Return the workers whose lease has ended."""
    rows = store.database.execute("SELECT id FROM worker WHERE lease < ?", (now,))
    return [worker for (worker,) in rows]


def remove(store: Store, worker: int, begun: Sequence[int]) -> bool:
    """Put back what a worker holds; what it had begun counts as an attempt.

    Returns whether the worker was there.
    """
    if not store.has_worker(worker):
        return False
    rows = store.database.execute(
        "SELECT id FROM message WHERE worker = ? AND state = 2", (worker,)
    )
    held = [row for (row,) in rows]
    failed = set(begun) & set(held)
    store.release([row for row in held if row not in failed])
    _blame(store, sorted(failed))
    temporary = store.database.execute(
        "SELECT id FROM queue WHERE worker = ?", (worker,)
    ).fetchall()
    for (queue,) in temporary:
        store.drop_temporary(queue)
    store.database.execute("DELETE FROM worker WHERE id = ?", (worker,))
    return True


def _blame(store: Store, rows: Sequence[int]) -> None:
    store.wake_queues_of(rows)
    store.database.execute(_BLAME, {"count": len(rows), "rows": ids_text(rows)})
