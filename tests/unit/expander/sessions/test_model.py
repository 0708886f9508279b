"""Whatever two expanders are asked, and however often: it is as if one had done it once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st

from recado.ids import new_id
from recado.schemas.experiments import OpenRequest
from recado.studies import Source, StudyFolder
from recado_expander.sessions.commands import (
    Add,
    AddNext,
    Command,
    MoveAll,
    MoveToBlock,
    MoveToNext,
    Open,
)
from recado_expander.sessions.desk import Desk
from recado_expander.sessions.errors import UnavailableError
from recado_expander.sessions.events import fact_of
from recado_expander.sessions.keeper import Tools
from recado_expander.sessions.record import Record
from recado_experiment.session import Session
from tests.unit.expander.sessions.book import Book
from tests.unit.expander.sessions.conftest import STUDY, long_study

STREAM = "experiment-lab"
BLOCKS = ["a", "b", "c"]

participants = st.integers(1, 4)
blocks = st.integers(-1, 4)
commands = st.one_of(
    st.builds(MoveToNext, participants),
    st.builds(MoveToBlock, participants, blocks),
    st.builds(MoveAll, blocks),
    st.builds(Add, participants),
    st.just(AddNext()),
)


@dataclass(frozen=True)
class Ask:
    """A command, to one of the desks, perhaps once more, perhaps without a reply."""

    desk: int
    command: Command[Any]
    is_repeated_at: int | None
    loses_reply: bool


asks = st.builds(
    Ask, st.integers(0, 1), commands, st.none() | st.integers(0, 1), st.booleans()
)


@dataclass
class Model:
    """A session as one would write it down: a table of participants and positions."""

    positions: dict[int, int] = field(default_factory=lambda: {1: -1})

    def answer(self, command: Command[Any]) -> Any:
        """Do a command; return the answer, or that it is refused."""
        match command:
            case MoveToNext(participant):
                if participant not in self.positions:
                    return "refused"
                self.positions[participant] = min(self.positions[participant] + 1, 3)
                return [*BLOCKS, "END"][self.positions[participant]]
            case MoveToBlock(participant, block):
                if participant not in self.positions or not 0 <= block < 3:
                    return "refused"
                self.positions[participant] = block
                return block
            case MoveAll(block):
                if not 0 <= block < 3:
                    return "refused"
                self.positions = dict.fromkeys(self.positions, block)
                return block
            case Add(participant):
                is_new = participant not in self.positions
                self.positions.setdefault(participant, -1)
                return is_new
            case _:
                number = max(self.positions) + 1
                self.positions[number] = -1
                return number


async def answer(desk: Desk, command: Command[Any], cause: str) -> Any:
    try:
        reply = await desk.do("lab", command, cause)
    except UnavailableError:
        return "unheard"
    except Exception:
        return "refused"
    return getattr(reply, "name", reply)


async def play(book: Book, desks: list[Desk], told: list[Ask]) -> None:
    model = Model()
    done: list[tuple[Ask, str, Any]] = []
    for ask in told:
        cause = new_id()
        wanted = model.answer(ask.command)
        book.loses_reply = ask.loses_reply
        said = await answer(desks[ask.desk], ask.command, cause)
        book.loses_reply = False
        assert said in (wanted, "unheard")
        done.append((ask, cause, wanted))
        if said == "unheard" or ask.is_repeated_at is not None:
            # At once, or else whenever it gets there: what changed something is known.
            await repeated(book, desks[ask.is_repeated_at or 0], ask, cause, wanted)
    for ask, cause, wanted in done:
        if has_facts(book, cause):
            await repeated(book, desks[1 - ask.desk], ask, cause, wanted)
    replayed = Session.replay(map(fact_of, book.streams[STREAM]))
    positions = {each: replayed.place(each).position for each in replayed.participants}
    assert positions == model.positions
    for desk in desks:
        session = await desk.ask("lab", lambda view: view.session)
        assert session.participants == replayed.participants


def has_facts(book: Book, cause: str) -> bool:
    record = Record("lab")
    record.take(book.streams[STREAM])
    return record.done_at(cause) is not None


async def repeated(
    book: Book, desk: Desk, ask: Ask, cause: str, wanted: object
) -> None:
    before = len(book.streams[STREAM])
    if has_facts(book, cause):
        assert await answer(desk, ask.command, cause) == wanted
    assert len(book.streams[STREAM]) == before


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipes")
    (path / "study.toml").write_text(STUDY)
    return path


@pytest.fixture(scope="module")
def long_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("recipes")
    (path / "study.toml").write_text(long_study(10))
    return path


async def straight(function: Callable[..., Any], *given: Any) -> Any:
    return function(*given)


async def opened(folder: Path) -> tuple[Book, list[Desk]]:
    """Return a session that two desks share."""
    book = Book(page=3)
    log = structlog.get_logger()
    tools = Tools(book, StudyFolder(folder), straight, lambda: 1.0, log)
    desks = [Desk(tools), Desk(tools)]
    request = OpenRequest(experiment="lab", study="study.toml")
    source = Source.of("study.toml", (folder / "study.toml").read_bytes())
    await desks[0].do("lab", Open(request, source), new_id())
    return book, desks


@settings(max_examples=60, deadline=None)
@given(told=st.lists(asks, max_size=25))
def test_two_expanders_do_what_a_table_would(folder: Path, told: list[Ask]) -> None:
    async def run() -> None:
        await play(*await opened(folder), told)

    asyncio.run(run())


# Moves at the same time: each a participant, a desk, and which of their requests it is.
waves = st.lists(
    st.lists(
        st.tuples(st.integers(1, 2), st.integers(0, 1), st.integers(0, 9)), max_size=8
    ),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(told=waves, lost=st.sets(st.integers(0, 5)))
def test_moves_at_once_are_done_once_however_they_meet(
    long_folder: Path, told: list[list[tuple[int, int, int]]], lost: set[int]
) -> None:
    causes = {(who, nth): new_id() for who in (1, 2) for nth in range(10)}

    async def run() -> None:
        book, desks = await opened(long_folder)
        await desks[0].do("lab", Add(2), new_id())
        names: dict[tuple[int, int], set[str]] = {}

        async def move(who: int, desk: int, nth: int) -> None:
            said = await answer(desks[desk], MoveToNext(who), causes[who, nth])
            names.setdefault((who, nth), set()).add(said)

        for number, wave in enumerate(told):
            book.loses_reply = number in lost
            await asyncio.gather(*(move(*each) for each in wave))
            book.loses_reply = False
        for who, nth in [*names]:
            await move(who, 0, nth)

        for who in (1, 2):
            mine = [
                said - {"unheard"} for (each, _), said in names.items() if each == who
            ]
            assert sorted(name for said in mine for name in said) == [
                f"block {number}" for number in range(len(mine))
            ]

    asyncio.run(run())
