"""A dead-letter database of one's own, and letters to put in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from recado.ids import derived_id
from recado.letter import Letter
from recado.message import ID, RECIPE, RETRIES, RUN, Message
from recado_deadletter.database import Database
from recado_deadletter.entry import read_entry
from recado_deadletter.index import LetterIndex
from recado_deadletter.jobs import RetryJobs

MakeDead: TypeAlias = Callable[..., Message]
AddDead: TypeAlias = Callable[..., str]

NOWHERE = "00000000-0000-0000-0000-000000000000"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "deadletters.db")
    yield made
    made.close()


@pytest.fixture
def index(database: Database) -> LetterIndex:
    return LetterIndex(database)


@pytest.fixture
def jobs(database: Database, index: LetterIndex) -> RetryJobs:
    return RetryJobs(database, index)


@pytest.fixture
def make_dead() -> MakeDead:
    """Make a dead letter's message; ``name`` decides its id, the rest its letter."""

    def make(
        name: str = "one",
        *,
        body: bytes = b"{}",
        retries: int = 0,
        run: str = "run-1",
        headers: dict[str, str] | None = None,
        **letter: Any,
    ) -> Message:
        facts: dict[str, Any] = {
            "reason": "error",
            "text": "ValueError: no",
            "queue": "resize",
            "attempts": 5,
            "at": 100.0,
            "service": "resize",
            "run": run,
            "step": 2,
        }
        head = {ID: derived_id(NOWHERE, name), RECIPE: "true", "x-mine": "é"}
        head |= {RUN: run} if run else {}
        head |= {RETRIES: str(retries)} if retries else {}
        return Message(body, head | Letter(**facts | letter).header() | (headers or {}))

    return make


@pytest.fixture
def add_dead(index: LetterIndex, make_dead: MakeDead) -> AddDead:
    """Index a dead letter and return its id."""

    def add(name: str = "one", **facts: Any) -> str:
        return index.add([read_entry(make_dead(name, **facts), 100.0)])[0]

    return add
