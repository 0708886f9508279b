"""The dead-letter service's own SQLite file: its connection, transactions and tables.

Everything here blocks and belongs to one thread.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from recado.errors import ConfigError

VERSION: Final = 1

_BUSY_MS: Final = 2_000
_SCHEMA: Final = """
CREATE TABLE letters (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    message TEXT NOT NULL,
    retries INTEGER NOT NULL,
    state TEXT NOT NULL,
    queue TEXT NOT NULL,
    reason TEXT NOT NULL,
    service TEXT NOT NULL,
    run TEXT NOT NULL,
    text TEXT NOT NULL,
    at REAL NOT NULL,
    step TEXT,
    attempts TEXT NOT NULL,
    job TEXT,
    UNIQUE (message, retries)
);

CREATE INDEX letters_state ON letters (state);

CREATE INDEX letters_queue ON letters (queue, state);

CREATE INDEX letters_reason ON letters (reason, state);

CREATE INDEX letters_run ON letters (run, state) WHERE run != '';

CREATE INDEX letters_job ON letters (job, state) WHERE job IS NOT NULL;

CREATE INDEX letters_at ON letters (at);

CREATE TABLE contents (
    seq INTEGER PRIMARY KEY,
    details TEXT NOT NULL,
    headers TEXT NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE counts (
    state TEXT NOT NULL,
    queue TEXT NOT NULL,
    reason TEXT NOT NULL,
    service TEXT NOT NULL,
    letters INTEGER NOT NULL,
    PRIMARY KEY (state, queue, reason, service)
) WITHOUT ROWID;

CREATE TABLE jobs (
    id TEXT PRIMARY KEY,
    to_queue TEXT,
    at REAL NOT NULL,
    turn TEXT NOT NULL
) WITHOUT ROWID
"""


class Database:
    """A connection that is opened when it is needed, and again after it failed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None

    def connection(self) -> sqlite3.Connection:
        """Return the open connection; the file and its tables are made if need be.

        Raises:
            sqlite3.Error, OSError: if the file cannot be used now.
            ConfigError: if a newer recado made it.
        """
        mark = self._mark()
        if self._file is not None and mark is None:
            # SQLite would go on writing to a file that nobody can find any more.
            raise OSError(
                "was removed while it was in use; put it back, or start the "
                "dead-letter service again to begin a new one"
            )
        if mark != self._file:
            self.close()
        if self._connection is None:
            self._connection = self._open()
            self._file = self._mark()
        return self._connection

    @contextmanager
    def transaction(self) -> Generator[sqlite3.Connection]:
        """Write in one transaction: on disk when the block is left, or nothing at all."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            # SQLite rolls back by itself after some errors: a full disk, for one.
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def close(self) -> None:
        """Let go of the file; what comes next opens it again."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _mark(self) -> tuple[int, int] | None:
        """Return what tells the file from another one at its path; none if it is gone."""
        try:
            found = self.path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return found.st_dev, found.st_ino

    def _open(self) -> sqlite3.Connection:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self.path, isolation_level=None)
        try:
            self._prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > VERSION:
            raise ConfigError(
                f"{self.path} has version {version}, made by a newer recado; "
                f"this one reads up to {VERSION}"
            )
        if version < VERSION:
            _create(connection)


def _create(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version == 0:  # nobody else was faster
        for statement in _SCHEMA.split(";\n\n"):
            connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")
