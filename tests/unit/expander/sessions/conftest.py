"""Desks that share one event log, as expanders do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
import structlog

from recado.ids import new_id
from recado.schemas.experiments import OpenRequest
from recado.studies import Source, StudyFolder
from recado_expander.sessions.commands import Open
from recado_expander.sessions.desk import Desk
from recado_expander.sessions.keeper import Tools
from recado_expander.sessions.streams import Streams
from tests.unit.expander.sessions.book import Book

STUDY = """
[configuration]
order = ["a", "b", "c"]

[[blocks]]
name = "a"
config = { x = 1 }

[[blocks]]
name = "b"
extends = "a"

[[blocks]]
name = "c"
extends = "a"
"""


def long_study(blocks: int) -> str:
    """Return a study of so many blocks in a row."""
    names = [f"block {number}" for number in range(blocks)]
    tables = "".join(f'[[blocks]]\nname = "{name}"\nconfig = {{}}\n' for name in names)
    return f"[configuration]\norder = {names!r}\n{tables}"


MakeDesk: TypeAlias = Callable[..., Desk]


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture
def recipes(recipes: Path) -> Path:
    """Return the recipe folder, with a study of three blocks in it."""
    (recipes / "study.toml").write_text(STUDY)
    return recipes


@pytest.fixture
def make_desk(book: Book, recipes: Path) -> MakeDesk:
    """Return what makes the desk of one more expander."""

    def make(streams: Streams = book, clock: Callable[[], float] = lambda: 1.0) -> Desk:
        log = structlog.get_logger()
        return Desk(Tools(streams, StudyFolder(recipes), asyncio.to_thread, clock, log))

    return make


@pytest.fixture
def desk(make_desk: MakeDesk) -> Desk:
    return make_desk()


@pytest.fixture
def logged() -> Iterator[list[Any]]:
    with structlog.testing.capture_logs() as lines:
        yield lines


async def opened(desk: Desk, recipes: Path, **settings: Any) -> None:
    """Open a session ``lab`` that goes by the study in the folder."""
    request = OpenRequest(experiment="lab", study="study.toml", **settings)
    source = Source.of("study.toml", (recipes / "study.toml").read_bytes())
    await desk.do("lab", Open(request, source), new_id())
