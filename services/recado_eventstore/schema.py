"""The tables of the SQLite event database, and how an older file is brought up to date.

Nothing is ever deleted from ``events``, so a position is never given twice. The view of
the runs (``runs``, ``run_step``, ``run_letter``, ``run_study``) is written in the same
transaction as the events that it is made from.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from recado.errors import ConfigError

APPLICATION_ID: Final = 0x72656576
"""Marks the file as an event database: the letters "reev"."""

MIGRATIONS: Final[tuple[tuple[str, ...], ...]] = (
    (
        """CREATE TABLE streams (
            id INTEGER PRIMARY KEY,
            name TEXT NOT NULL UNIQUE,
            version INTEGER NOT NULL
        ) STRICT""",
        """CREATE TABLE events (
            position INTEGER PRIMARY KEY,
            id BLOB NOT NULL UNIQUE,
            stream INTEGER NOT NULL REFERENCES streams (id),
            version INTEGER NOT NULL,
            type TEXT NOT NULL,
            at REAL NOT NULL,
            data TEXT NOT NULL,
            UNIQUE (stream, version)
        ) STRICT""",
        """CREATE TABLE runs (
            number INTEGER PRIMARY KEY,
            run TEXT NOT NULL UNIQUE,
            state TEXT NOT NULL,
            sent INTEGER NOT NULL,
            handled INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            dead INTEGER NOT NULL,
            checksum TEXT NOT NULL,
            finishes INTEGER NOT NULL,
            started_at REAL,
            last_at REAL NOT NULL,
            start TEXT
        ) STRICT""",
        "CREATE INDEX runs_by_state ON runs (state, number)",
        """CREATE TABLE run_step (
            run INTEGER NOT NULL REFERENCES runs (number),
            step INTEGER NOT NULL,
            service TEXT NOT NULL,
            queue TEXT NOT NULL,
            sent INTEGER NOT NULL,
            handled INTEGER NOT NULL,
            failed INTEGER NOT NULL,
            first_at REAL NOT NULL,
            last_at REAL NOT NULL,
            ms_sum REAL NOT NULL,
            PRIMARY KEY (run, step, service, queue)
        ) STRICT, WITHOUT ROWID""",
        """CREATE TABLE run_letter (
            run INTEGER NOT NULL REFERENCES runs (number),
            message TEXT NOT NULL,
            letter TEXT NOT NULL,
            step INTEGER NOT NULL,
            service TEXT NOT NULL,
            queue TEXT NOT NULL,
            net INTEGER NOT NULL,
            PRIMARY KEY (run, message)
        ) STRICT, WITHOUT ROWID""",
    ),
    (
        "ALTER TABLE runs ADD COLUMN user TEXT",
        "ALTER TABLE runs ADD COLUMN pending TEXT",
        "CREATE INDEX runs_by_user ON runs (user, state)",
    ),
    (
        """CREATE TABLE run_study (
            run INTEGER NOT NULL REFERENCES runs (number),
            study TEXT NOT NULL,
            asked INTEGER NOT NULL,
            done INTEGER NOT NULL,
            PRIMARY KEY (run, study)
        ) STRICT, WITHOUT ROWID""",
    ),
)
"""The statements that lead from each schema version to the next, from 0."""


def migrate(db: sqlite3.Connection, path: str) -> None:
    """Bring an event database up to date; an empty one gets its tables.

    Raises:
        ConfigError: if the file is another program's, or a newer recado's.
    """
    if _is_current(db, path):
        return
    db.execute("BEGIN IMMEDIATE")
    try:
        # Looked at again under the lock: another instance may have been faster.
        if not _is_current(db, path):
            for statements in MIGRATIONS[_version(db) :]:
                for statement in statements:
                    db.execute(statement)
            db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            db.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
        db.execute("COMMIT")
    finally:
        if db.in_transaction:
            db.execute("ROLLBACK")


def _is_current(db: sqlite3.Connection, path: str) -> bool:
    (owner,) = db.execute("PRAGMA application_id").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if owner != APPLICATION_ID and (owner or tables):
        raise ConfigError(
            f"store {path}: is not an event database; name a file of its own"
        )
    version = _version(db)
    if version > len(MIGRATIONS):
        raise ConfigError(
            f"store {path}: has schema version {version}, this recado knows up to "
            f"{len(MIGRATIONS)}; use a newer one"
        )
    return version == len(MIGRATIONS)


def _version(db: sqlite3.Connection) -> int:
    (version,) = db.execute("PRAGMA user_version").fetchone()
    return int(version)
