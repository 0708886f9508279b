"""Appending to SQLite: many appends in one transaction, few crossings into it."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Final, TypeAlias

from recado.errors import ConfigError, ConflictError
from recado.message import encode
from recado_eventstore import runtable
from recado_eventstore.ledger import Ledger, StreamRow
from recado_eventstore.quota import OverLimitError
from recado_eventstore.schema import migrate
from recado_eventstore.store import Append, Place, StoreAwayError

Result = list[Place] | ConflictError | OverLimitError
FileMark: TypeAlias = tuple[int, int]

_KNOWN: Final = """
WITH RECURSIVE asked (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM asked WHERE i < :last)
SELECT events.id, streams.name, events.version, events.position
FROM asked
CROSS JOIN events ON events.id = substr(:keys, 16 * asked.i + 1, 16)
CROSS JOIN streams ON streams.id = events.stream
"""
_STREAMS: Final = """
SELECT streams.name, streams.id, streams.version
FROM json_each(?) AS asked CROSS JOIN streams ON streams.name = asked.value
"""
_LAST: Final = """
SELECT ifnull((SELECT max(position) FROM events), 0),
    ifnull((SELECT max(id) FROM streams), 0)
"""
_INSERT: Final = "INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?)"
_MOVE: Final = """
INSERT INTO streams (id, name, version) VALUES (?, ?, ?)
ON CONFLICT (id) DO UPDATE SET version = excluded.version
"""


class Journal:
    """The one connection that appends; to be used by one thread at a time.

    A connection that failed is dropped, and made anew for the next append.
    """

    def __init__(self, path: Path, busy_s: float) -> None:
        self._path = path
        self._busy_s = busy_s
        self._db: sqlite3.Connection | None = None
        self._file: FileMark | None = None

    def open(self) -> None:
        """Connect, and bring the tables up to date.

        Raises:
            ConfigError: if the file can never be used.
            StoreAwayError: if it cannot be used now.
        """
        with self._connection():
            pass

    def close(self) -> None:
        """Disconnect."""
        if self._db is not None:
            self._db.close()
            self._db = None

    def append(self, appends: Sequence[Append]) -> tuple[list[Result], int]:
        """Append in one transaction; return each append's outcome, and the last position.

        An append that is in conflict takes nothing from the others.
        """
        with self._connection() as db:
            db.execute("BEGIN IMMEDIATE")
            ledger = _open_ledger(db, appends)
            results = [_outcome(db, ledger, append) for append in appends]
            if ledger.facts:
                # Facts come from new events only, so that none counts twice.
                ledger.admit(Append.of_own(runtable.record(db, ledger.facts)))
            if ledger.rows:
                _write(db, ledger)
            db.execute("COMMIT")
            return results, ledger.head

    def _connected(self) -> sqlite3.Connection:
        mark = file_mark(self._path)
        if self._file is not None and mark is None:
            # SQLite would go on writing to a file that nobody can find any more.
            raise OSError(
                "was removed while it was in use; put it back, or start the event "
                "store again to begin a new one"
            )
        if self._db is not None and mark != self._file:
            self.close()
        if self._db is None:
            self._db = connect(self._path, self._busy_s)
            self._file = file_mark(self._path)
        return self._db

    @contextmanager
    def _connection(self) -> Generator[sqlite3.Connection]:
        try:
            yield self._connected()
        except sqlite3.IntegrityError:
            self.close()
            raise
        except (sqlite3.DatabaseError, OSError) as error:
            self.close()
            raise StoreAwayError(f"event database {self._path}: {error}") from error
        finally:
            if self._db is not None and self._db.in_transaction:
                self.close()


def file_mark(path: Path) -> FileMark | None:
    """Return what tells a file from another one at the same path; none if it is gone."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


def connect(path: Path, busy_s: float) -> sqlite3.Connection:
    """Return a connection that may append; makes the file and its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(
        path, timeout=busy_s, isolation_level=None, check_same_thread=False
    )
    try:
        migrate(db, str(path))
        _use_wal(db, monotonic() + busy_s)
        db.execute("PRAGMA synchronous = FULL")
        # 16 MB: pages that many appends touch are copied back less often.
        db.execute("PRAGMA wal_autocheckpoint = 4000")
    except (sqlite3.Error, ConfigError):
        db.close()
        raise
    return db


def _use_wal(db: sqlite3.Connection, deadline: float) -> None:
    # The one statement that SQLite's own time-out does not hold for: two instances that
    # make the file at the same time get into each other's way here.
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if monotonic() >= deadline:
                raise
            sleep(0.01)


def _open_ledger(db: sqlite3.Connection, appends: Sequence[Append]) -> Ledger:
    keys = b"".join(key for append in appends for key in append.keys)
    known = db.execute(_KNOWN, {"keys": keys, "last": len(keys) // 16 - 1})
    names = {event.stream for append in appends for event in append.events}
    names.update(name for append in appends for name in append.expect)
    streams = db.execute(_STREAMS, [encode(sorted(names))])
    head, last_stream = db.execute(_LAST).fetchone()
    return Ledger(
        head,
        last_stream,
        {key: Place(*place) for key, *place in known},
        {name: StreamRow(*row) for name, *row in streams},
    )


def _outcome(db: sqlite3.Connection, ledger: Ledger, append: Append) -> Result:
    quota = append.quota
    try:
        if quota is not None and not ledger.knows(append):
            runtable.check_quota(db, quota, ledger.admitted[quota.user])
            ledger.admitted[quota.user] += 1
        return ledger.admit(append)
    except (ConflictError, OverLimitError) as error:
        return error


def _write(db: sqlite3.Connection, ledger: Ledger) -> None:
    streams = [(row.id, name, row.version) for name, row in ledger.changed.items()]
    db.executemany(_MOVE, streams)
    db.executemany(_INSERT, ledger.rows)
