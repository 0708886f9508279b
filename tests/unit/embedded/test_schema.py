"""The file of an embedded broker, and files that are none."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from recado.errors import ConfigError
from recado.transport.embedded.schema import VERSION, connect

NOBODY = 65_534


@contextmanager
def another_user() -> Generator[None]:
    """Be somebody without rights, if one is somebody with all of them."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A path in a folder that another user may enter."""
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    return tmp_path / "b.db"


def make(path: Path) -> None:
    connect(str(path), durable=True).close()


def test_a_new_file_has_a_queue_for_dead_letters(path: Path) -> None:
    with closing(connect(str(path), durable=True)) as database:
        queues = database.execute("SELECT name FROM queue").fetchall()

    assert queues == [("dlq",)]


def test_a_file_is_made_once(path: Path) -> None:
    make(path)
    make(path)

    with closing(sqlite3.connect(path)) as database:
        assert database.execute("SELECT count(*) FROM queue").fetchone() == (1,)


def test_what_is_no_database_is_refused_and_not_touched(path: Path) -> None:
    path.write_bytes(b"a letter, not a database" * 100)

    with pytest.raises(ConfigError, match="not a database"):
        make(path)

    assert path.read_bytes() == b"a letter, not a database" * 100


def test_the_database_of_something_else_is_refused(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE address (name TEXT)")

    with pytest.raises(ConfigError, match="something else"):
        make(path)


@pytest.mark.parametrize("version", [VERSION - 1, VERSION + 1])
def test_another_version_is_refused_and_named(path: Path, version: int) -> None:
    make(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute(f"PRAGMA user_version={version}")

    with pytest.raises(
        ConfigError, match=f"format is {version}, this recado reads {VERSION}"
    ):
        make(path)


def test_a_truncated_file_is_refused(path: Path) -> None:
    make(path)
    os.truncate(path, path.stat().st_size // 2)

    with pytest.raises(ConfigError, match="malformed"):
        make(path)


def test_an_empty_file_becomes_a_broker(path: Path) -> None:
    path.touch()

    make(path)

    assert path.stat().st_size > 0


def test_a_file_that_cannot_be_read_is_refused(path: Path) -> None:
    make(path)
    path.chmod(0)

    with another_user(), pytest.raises(ConfigError, match="unable to open"):
        make(path)


def test_a_file_that_cannot_be_written_is_refused(path: Path) -> None:
    make(path)
    path.chmod(0o444)

    with another_user(), pytest.raises(ConfigError, match="readonly"):
        make(path)


def test_tables_are_made_all_or_none(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(
            "recado.transport.embedded.schema._TABLES",
            "CREATE TABLE worker (id); CREATE TABLE worker (id)",
        )
        with pytest.raises(ConfigError, match="already exists"):
            make(path)

    make(path)

    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA user_version").fetchone() == (VERSION,)
