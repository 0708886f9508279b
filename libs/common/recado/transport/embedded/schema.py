"""The tables of an embedded broker.

Ready, delayed and held messages each have a partial index, so that a claim never looks at
a delayed row and the search for a dead worker's rows never looks at a ready one.
"""

from __future__ import annotations

import sqlite3
from typing import Final

from recado.errors import ConfigError, RefusedError

VERSION: Final = 2
READY, DELAYED, HELD = 0, 1, 2

_TABLES: Final = """
CREATE TABLE worker (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    lease REAL NOT NULL
);
CREATE TABLE queue (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    topic TEXT,
    worker INTEGER
);
CREATE INDEX queue_topic ON queue (topic) WHERE topic IS NOT NULL;
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    queue INTEGER NOT NULL,
    state INTEGER NOT NULL,
    priority INTEGER NOT NULL,
    due REAL NOT NULL,
    expires REAL,
    attempt INTEGER NOT NULL DEFAULT 0,
    crashes INTEGER NOT NULL DEFAULT 0,
    company INTEGER NOT NULL DEFAULT 0,
    worker INTEGER,
    headers TEXT NOT NULL,
    body NOT NULL
);
CREATE INDEX message_ready ON message (queue, priority DESC, id) WHERE state = 0;
CREATE INDEX message_due ON message (queue, due) WHERE state = 1;
CREATE INDEX message_held ON message (worker) WHERE state = 2;
INSERT INTO queue (name) VALUES ('dlq');
"""


def connect(path: str, *, durable: bool) -> sqlite3.Connection:
    """Return a connection, set up as every user of a broker's file must be.

    To be called with the write lock: SQLite does not wait for others when it makes a
    file's journal.

    Raises:
        ConfigError: if the file is no database, or one of a newer recado.
        RefusedError: if the disk is full.
    """
    try:
        database = sqlite3.connect(
            path,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
            timeout=30.0,
        )
    except sqlite3.Error as error:
        raise ConfigError(f"broker {path}: {error}") from error
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
        database.execute("PRAGMA journal_size_limit=67108864")
        database.execute("PRAGMA temp_store=MEMORY")
        _make(path, database)
    except BaseException as error:
        database.close()
        if isinstance(error, sqlite3.Error):
            kind = RefusedError if _is_full(error) else ConfigError
            raise kind(f"broker {path}: {error}") from error
        raise
    return database


def _is_full(error: sqlite3.Error) -> bool:
    return error.sqlite_errorname == "SQLITE_FULL"


def _make(path: str, database: sqlite3.Connection) -> None:
    """Make the tables, all or none; closing the connection rolls back."""
    database.execute("BEGIN IMMEDIATE")
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version not in {0, VERSION}:
        raise ConfigError(
            f"broker {path}: its format is {version}, this recado reads {VERSION}"
        )
    (others,) = database.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if version == 0 and others:
        raise ConfigError(f"broker {path}: is the database of something else")
    if version == 0:
        for statement in filter(str.strip, _TABLES.split(";")):
            database.execute(statement)
        database.execute(f"PRAGMA user_version={VERSION}")
    database.execute("COMMIT")
