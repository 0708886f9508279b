"""Expanders that share a session: of every request it is done once what was asked."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from recado.ids import new_id
from recado_expander.sessions import questions
from recado_expander.sessions.commands import (
    Abandon,
    Add,
    AddNext,
    Command,
    MoveAll,
    MoveToBlock,
    MoveToNext,
)
from recado_expander.sessions.desk import Desk
from recado_expander.sessions.errors import ContestedError, UnavailableError
from recado_expander.sessions.keeper import TRIES
from recado_experiment.session import UnknownParticipantError
from tests.unit.expander.sessions.book import Book
from tests.unit.expander.sessions.conftest import MakeDesk, long_study, opened

STREAM = "experiment-lab"


@pytest.fixture
async def desks(make_desk: MakeDesk, recipes: Path) -> tuple[Desk, Desk]:
    """Return two desks that both know the session as it is."""
    here, there = make_desk(), make_desk()
    await opened(here, recipes)
    assert await block(there) == -1
    return here, there


async def block(desk: Desk, participant: int | None = None) -> int:
    return await desk.ask("lab", lambda view: questions.block_id(view, participant))


async def next_block(desk: Desk, cause: str = "", participant: int = 1) -> str:
    moved = await desk.do("lab", MoveToNext(participant), cause or new_id())
    return moved.name


async def test_what_was_decided_on_an_old_state_is_decided_anew(
    desks: tuple[Desk, Desk],
) -> None:
    here, there = desks
    assert await next_block(here) == "a"

    assert await next_block(there) == "b"

    assert await block(here) == 1


async def test_an_answer_is_never_older_than_its_question(
    desks: tuple[Desk, Desk],
) -> None:
    here, there = desks
    for position in range(3):
        await next_block(here)
        assert await block(there) == position


async def test_nobody_is_refused_for_what_is_no_more_so(
    desks: tuple[Desk, Desk],
) -> None:
    here, there = desks
    await here.do("lab", Add(5), new_id())

    assert await next_block(there, participant=5) == "a"


async def test_nothing_to_do_is_said_of_the_present_state_only(
    desks: tuple[Desk, Desk],
) -> None:
    here, there = desks
    await here.do("lab", MoveToBlock(1, 2), new_id())
    assert await there.do("lab", MoveToBlock(1, 0), new_id()) == 0

    # Here it still seems to be in block 2, where nothing would have to be done.
    await here.do("lab", MoveToBlock(1, 2), new_id())

    assert await block(there) == 2


async def test_many_moves_at_once_are_a_few_appends(
    desk: Desk, recipes: Path, book: Book
) -> None:
    await opened(desk, recipes)
    await asyncio.gather(*(desk.do("lab", Add(n), new_id()) for n in range(2, 101)))
    before = book.appends

    moved = await asyncio.gather(*(next_block(desk, "", n) for n in range(1, 101)))

    assert moved == ["a"] * 100
    assert book.appends - before <= 2
    assert len(book.streams[STREAM]) == 3 + 99 + 100


async def test_questions_at_the_same_time_share_a_look(
    desk: Desk, recipes: Path, book: Book
) -> None:
    await opened(desk, recipes)
    before = book.reads

    assert await asyncio.gather(*(block(desk) for _ in range(100))) == [-1] * 100
    assert book.reads - before <= 2


async def test_of_commands_at_once_those_refused_leave_no_trace(
    desk: Desk, recipes: Path, book: Book
) -> None:
    await opened(desk, recipes)

    first, lost, second = await asyncio.gather(
        next_block(desk),
        next_block(desk, participant=9),
        next_block(desk),
        return_exceptions=True,
    )

    assert (first, second) == ("a", "b")
    assert isinstance(lost, UnknownParticipantError)
    assert book.types(STREAM)[3:] == ["participant.moved"] * 2


@pytest.mark.parametrize("where", ["here", "there"])
async def test_a_request_that_comes_again_moves_once_and_is_answered_as_before(
    desks: tuple[Desk, Desk], where: str
) -> None:
    here, there = desks
    again = here if where == "here" else there
    cause = new_id()
    assert await next_block(here, cause) == "a"
    await next_block(here)

    assert await next_block(again, cause) == "a"

    assert await block(again) == 1


async def test_a_request_that_stands_twice_in_a_round_moves_once(
    desk: Desk, recipes: Path
) -> None:
    await opened(desk, recipes)
    cause = new_id()

    moved = await asyncio.gather(*(next_block(desk, cause) for _ in range(5)))

    assert moved == ["a"] * 5
    assert await block(desk) == 0


async def test_a_request_done_elsewhere_does_not_shift_those_it_comes_with(
    desks: tuple[Desk, Desk],
) -> None:
    here, there = desks
    known = new_id()
    assert await next_block(here, known) == "a"

    # There it is decided together with new ones, on a state that is older than it.
    again, second, third = await asyncio.gather(
        next_block(there, known), next_block(there), next_block(there)
    )

    assert (again, second, third) == ("a", "b", "c")
    assert await block(here) == await block(there) == 2


@pytest.mark.parametrize(("first_at", "second_at"), [(0.0, 1000.0), (1000.0, 0.0)])
async def test_a_request_done_elsewhere_otherwise_is_as_it_was_done_first(
    make_desk: MakeDesk, recipes: Path, first_at: float, second_at: float
) -> None:
    times = {"here": 0.0, "there": 0.0}
    here = make_desk(clock=lambda: times["here"])
    there = make_desk(clock=lambda: times["there"])
    await opened(here, recipes, assignment="completion", abandoned_after_s=10)
    await block(there)
    # At the later of these times, participant 1 is abandoned in favour of the next.
    times |= {"here": first_at, "there": second_at}
    cause = new_id()
    assert await here.do("lab", AddNext(), cause) == 2

    assert await there.do("lab", AddNext(), cause) == 2

    assert await next_block(there, participant=2) == "a"
    known = [await each.ask("lab", lambda view: view) for each in (here, there)]
    assert known[0].session.participants == known[1].session.participants
    assert known[0].session.participants[1].is_abandoned is (first_at > 10)
    assert known[0].version == known[1].version


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        (MoveToBlock(1, 2), 2),
        (MoveAll(1), 1),
        (AddNext(), 2),
        (Add(7), True),
        (Abandon(1), True),
    ],
)
async def test_every_command_that_comes_again_is_answered_as_before(
    desks: tuple[Desk, Desk], book: Book, command: Command[object], answer: object
) -> None:
    here, there = desks
    cause = new_id()
    assert await here.do("lab", command, cause) == answer
    await here.do("lab", MoveAll(0), new_id())
    before = len(book.streams[STREAM])

    assert await there.do("lab", command, cause) == answer
    assert len(book.streams[STREAM]) == before


async def test_moves_through_both_at_once_are_all_done_and_none_twice(
    desks: tuple[Desk, Desk], recipes: Path, book: Book
) -> None:
    (recipes / "study.toml").write_text(long_study(50))

    moved = await asyncio.gather(*(next_block(desks[n % 2]) for n in range(40)))

    assert sorted(moved) == sorted(f"block {number}" for number in range(40))
    assert await block(desks[0]) == await block(desks[1]) == 39
    assert book.types(STREAM).count("participant.moved") == 40
    assert book.types(STREAM).count("experiment.configured") == 2


async def test_who_is_always_slower_is_told_so(
    desk: Desk, make_desk: MakeDesk, recipes: Path, book: Book
) -> None:
    await opened(desk, recipes)
    await block(desk)
    other = make_desk()
    genuine = book.append

    async def after_another(*given: object) -> object:
        book.append = genuine  # type: ignore[method-assign] # for the other one
        await other.do("lab", AddNext(), new_id())
        book.append = after_another  # type: ignore[method-assign,assignment] # and again
        return await genuine(*given)  # type: ignore[arg-type] # as they came

    book.append = after_another  # type: ignore[method-assign,assignment] # slow
    with pytest.raises(ContestedError, match=f"by others {TRIES} times"):
        await next_block(desk)
    book.append = genuine  # type: ignore[method-assign] # as it was

    assert await next_block(desk) == "a"


async def test_while_the_event_store_is_away_nothing_moves(
    desk: Desk, recipes: Path, book: Book
) -> None:
    await opened(desk, recipes)
    book.is_away = True
    with pytest.raises(UnavailableError):
        await next_block(desk)
    with pytest.raises(UnavailableError):
        await block(desk)
    book.is_away = False

    assert await block(desk) == -1
    assert await next_block(desk) == "a"


@pytest.mark.parametrize("others", [0, 1])
async def test_a_repeat_settles_what_nobody_heard_the_end_of(
    desk: Desk, recipes: Path, book: Book, others: int
) -> None:
    await opened(desk, recipes)
    cause = new_id()
    book.loses_reply = True
    with pytest.raises(UnavailableError):
        await next_block(desk, cause)

    moved = await asyncio.gather(
        next_block(desk, cause), *(next_block(desk) for _ in range(others))
    )

    assert moved == ["a", "b"][: 1 + others]
    assert await block(desk) == others


async def test_what_nobody_heard_the_end_of_is_seen_by_the_next_question(
    desk: Desk, recipes: Path, book: Book
) -> None:
    await opened(desk, recipes)
    book.loses_reply = True
    with pytest.raises(UnavailableError):
        await next_block(desk)

    assert await block(desk) == 0


async def test_who_gave_up_waiting_holds_up_nobody(desk: Desk, recipes: Path) -> None:
    await opened(desk, recipes)
    hasty = asyncio.create_task(next_block(desk))
    patient = asyncio.create_task(next_block(desk))
    await asyncio.sleep(0)
    hasty.cancel()

    assert await patient in {"a", "b"}


async def test_a_desk_that_closes_keeps_nobody_waiting(
    desk: Desk, recipes: Path, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    await opened(desk, recipes)
    reached, never = asyncio.Event(), asyncio.Event()

    async def hang(*_: object) -> None:
        reached.set()
        await never.wait()

    monkeypatch.setattr(book, "behind", hang)
    asked = asyncio.create_task(block(desk))
    await reached.wait()
    desk.close()

    with pytest.raises(asyncio.CancelledError):
        await asked
