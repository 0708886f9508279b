"""A database that is away, broken or another's, and a process that is killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
from collections.abc import Generator
from contextlib import closing
from pathlib import Path

import pytest

from recado.errors import ConfigError
from recado.schemas.events import ReadAllRequest
from recado_eventstore.journal import Journal
from recado_eventstore.opening import open_store
from recado_eventstore.schema import MIGRATIONS
from recado_eventstore.sqlite import SqliteStore
from recado_eventstore.store import Append, StoreAwayError
from tests.unit.eventstore.told import event, events

_APPENDER = Path(__file__).with_name("appender.py")


@pytest.fixture
def lock(path: Path) -> Generator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


async def test_an_append_to_a_locked_database_is_refused_until_it_is_free(
    store: SqliteStore, lock: sqlite3.Connection
) -> None:
    append = Append.of(events(1))
    lock.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreAwayError, match="database is locked"):
        await store.append(append)

    lock.execute("ROLLBACK")

    assert await store.append(append) == [("order-1", 1, 1, True)]


async def test_reading_goes_on_while_somebody_writes(
    store: SqliteStore, lock: sqlite3.Connection
) -> None:
    await store.append(Append.of(events(2)))
    lock.execute("BEGIN IMMEDIATE")

    assert await store.head() == 2


def test_a_full_disk_leaves_nothing_half_done(path: Path) -> None:
    journal = Journal(path, 0.01)
    journal.append([Append.of(events(1))])
    db = journal._db  # pyright: ignore[reportPrivateUsage] # to make its disk full
    assert db is not None
    db.execute("PRAGMA max_page_count = 20")
    much = Append.of([event(text="x" * 5000) for _ in range(100)])

    with pytest.raises(StoreAwayError, match="full"):
        journal.append([much])

    # The connection is made anew, and its disk has space again.
    (places,), head = journal.append([much])
    assert not isinstance(places, Exception)
    assert [place.position for place in places] == list(range(2, 102))
    assert head == 101
    journal.close()


async def test_a_log_that_contradicts_itself_is_not_waited_for(
    store: SqliteStore, lock: sqlite3.Connection
) -> None:
    await store.append(Append.of(events(1)))
    lock.execute("UPDATE streams SET version = 0")

    with pytest.raises(sqlite3.IntegrityError):
        await store.append(Append.of(events(1)))

    assert await store.head() == 1
    assert await store.append(Append.of(events(1, "order-2")))


@pytest.fixture
def scribbled(path: Path) -> Path:
    path.write_bytes(b"this is not a database" * 100)
    return path


async def test_a_file_that_is_no_database_is_away(scribbled: Path) -> None:
    store = SqliteStore(scribbled)

    with pytest.raises(StoreAwayError, match="file is not a database"):
        await store.open()
    with pytest.raises(StoreAwayError, match="file is not a database"):
        await store.head()

    await store.close()


async def test_a_folder_that_cannot_be_made_is_away(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = SqliteStore(tmp_path / "file" / "events.db")

    with pytest.raises(StoreAwayError, match=r"Not a directory|File exists"):
        await store.open()

    await store.close()


async def test_a_database_of_another_program_is_left_alone(
    path: Path, lock: sqlite3.Connection
) -> None:
    lock.execute("CREATE TABLE theirs (x)")
    store = SqliteStore(path)

    with pytest.raises(ConfigError, match="is not an event database"):
        await store.open()

    assert lock.execute("SELECT name FROM sqlite_schema").fetchall() == [("theirs",)]
    await store.close()


async def test_a_database_of_a_newer_recado_is_left_alone(
    store: SqliteStore, path: Path, lock: sqlite3.Connection
) -> None:
    lock.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    newer = SqliteStore(path)

    with pytest.raises(
        ConfigError, match=r"schema version 4, this recado knows up to 3"
    ):
        await newer.open()

    await newer.close()


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("events.db", "unknown scheme"),
        ("sqlit:///events.db", "did you mean 'sqlite'"),
        ("sqlite://events.db", "names no file"),
        ("sqlite:///", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///events.db?mode=ro", "has options"),
        ("postgresql://u:secret@host/db", r"u:\*\*\*@host"),
    ],
)
def test_a_url_that_means_no_store_is_refused(url: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        open_store(url)


async def test_a_url_with_four_slashes_is_absolute(
    store: SqliteStore, path: Path
) -> None:
    await store.append(Append.of(events(1)))
    assert path.is_absolute()

    same = open_store(f"sqlite:///{path}")

    assert await same.head() == 1
    await same.close()


async def test_what_a_killed_process_was_told_is_on_disk_is_there(path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(_APPENDER), str(path), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    acknowledged = [int(await process.stdout.readline()) for _ in range(30)]
    os.kill(process.pid, signal.SIGKILL)
    rest, _ = await process.communicate()
    # A line cut short by the kill was never read as an acknowledgement.
    acknowledged += [int(line) for line in rest.splitlines(True) if line[-1:] == b"\n"]

    store = SqliteStore(path)
    page = await store.read_all(ReadAllRequest(limit=1000))
    found = list(page.events)
    while page.position < page.head:
        page = await store.read_all(ReadAllRequest(position=page.position, limit=1000))
        found += page.events
    await store.close()

    assert [it.position for it in found] == list(range(1, len(found) + 1))
    assert {it.data["n"] for it in found} >= set(acknowledged)
    assert len(acknowledged) >= 30


def moved(path: Path, target: Path) -> None:
    """Move a database, and the files that SQLite keeps beside it."""
    for end in ("-wal", "-shm", ""):
        Path(f"{path}{end}").rename(f"{target}{end}")


async def test_a_database_that_is_removed_is_away_until_it_is_put_back(
    path: Path, tmp_path: Path, store: SqliteStore
) -> None:
    await store.append(Append.of(events(2)))
    assert await store.head() == 2
    moved(path, tmp_path / "away.db")

    with pytest.raises(StoreAwayError, match="removed while it was in use; put it"):
        await store.append(Append.of(events(1)))
    with pytest.raises(StoreAwayError):
        await store.head()
    assert "events.db" not in os.listdir(tmp_path)

    moved(tmp_path / "away.db", path)
    assert await store.append(Append.of(events(1))) == [("order-1", 3, 3, True)]
    assert await store.head() == 3


async def test_a_database_that_is_replaced_is_the_one_that_is_used(
    path: Path, tmp_path: Path, store: SqliteStore
) -> None:
    await store.append(Append.of(events(2)))
    assert await store.head() == 2
    moved(path, tmp_path / "away.db")
    other = SqliteStore(path)
    await other.append(Append.of(events(1)))

    assert await store.head() == 1
    assert await store.append(Append.of(events(1))) == [("order-1", 2, 2, True)]
    await other.close()
