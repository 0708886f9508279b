"""A desk: which sessions it keeps, lists and finds."""

from __future__ import annotations

from pathlib import Path

import pytest

from recado.errors import NotFoundError, SchemaError
from recado.events import Event
from recado.ids import new_id
from recado.schemas.experiments import ListRequest, OpenRequest
from recado.studies import Source
from recado_expander.sessions import desk as desks
from recado_expander.sessions import questions
from recado_expander.sessions.commands import Add, Configure, MoveToNext, Open
from recado_expander.sessions.desk import Desk
from recado_expander.sessions.errors import UnreadableError
from tests.unit.expander.sessions.book import Book
from tests.unit.expander.sessions.conftest import STUDY, MakeDesk, opened


async def open_session(desk: Desk, name: str) -> None:
    request = OpenRequest(experiment=name, text=STUDY)
    source = Source.of("text", STUDY.encode())
    await desk.do(name, Open(request, source), new_id())


async def block(desk: Desk, name: str = "lab") -> int:
    return await desk.ask(name, lambda view: questions.block_id(view, 1))


async def test_it_keeps_the_sessions_used_last_and_reads_others_anew(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desks, "MOST", 2)
    desk = make_desk()
    names = ["x", "y", "z"]
    for number, name in enumerate(names):
        await open_session(desk, name)
        for _ in range(number):
            await desk.do(name, MoveToNext(1), new_id())

    assert [await block(desk, name) for name in names] == [-1, 0, 1]
    assert len(desk) == 2


async def test_a_session_larger_than_the_room_is_kept_all_the_same(
    make_desk: MakeDesk, monkeypatch: pytest.MonkeyPatch, book: Book
) -> None:
    monkeypatch.setattr(desks, "ROOM", 10)
    desk = make_desk()
    await open_session(desk, "lab")
    before = book.reads

    assert await block(desk) == -1
    assert (len(desk), book.reads - before) == (1, 1)


async def test_a_long_stream_is_read_page_by_page(
    make_desk: MakeDesk, recipes: Path
) -> None:
    book = Book(page=2)
    await opened(make_desk(book), recipes)
    for number in range(2, 9):
        await make_desk(book).do("lab", Add(number), new_id())

    shown = await make_desk(book).ask("lab", lambda view: view)
    assert shown.version == 10
    assert [*shown.session.participants] == [*range(1, 9)]
    assert book.reads > 10


async def test_sessions_are_listed_by_name_and_page(make_desk: MakeDesk) -> None:
    desk = make_desk(clock=lambda: 5.0)
    for name in ("b", "c", "a"):
        await open_session(desk, name)

    first = await desk.list(ListRequest(limit=2))
    second = await make_desk().list(ListRequest(after=first.next or "", limit=2))

    assert [it.experiment for it in first.experiments] == ["a", "b"]
    assert [(it.experiment, it.opened_at) for it in second.experiments] == [("c", 5.0)]
    assert (first.next, second.next) == ("b", None)


async def test_a_list_knows_what_others_opened_since(make_desk: MakeDesk) -> None:
    here, there = make_desk(), make_desk()
    assert (await here.list(ListRequest())).experiments == []
    await open_session(there, "new")

    (entry,) = (await here.list(ListRequest())).experiments
    assert entry.experiment == "new"


async def test_a_session_that_is_not_there_has_a_nearest(desk: Desk) -> None:
    await open_session(desk, "lab")

    with pytest.raises(
        NotFoundError, match=r"no experiment 'lap'; open it first; did you mean 'lab'"
    ):
        await desk.do("lap", MoveToNext(1), new_id())


async def test_an_older_log_that_was_put_back_is_read_from_its_beginning(
    desk: Desk, recipes: Path, book: Book
) -> None:
    await opened(desk, recipes)
    for _ in range(3):
        await desk.do("lab", MoveToNext(1), new_id())
    await desk.list(ListRequest())
    assert await block(desk) == 2
    del book.streams["experiment-lab"][-2:]
    book.streams["experiments"].clear()

    assert await block(desk) == 0
    assert (await desk.list(ListRequest())).experiments == []


@pytest.mark.parametrize(
    ("type_", "data"),
    [
        ("participant.moved", {}),
        ("participant.abandoned", {"participant": 9}),
        ("participants.moved", {"position": 0, "ended": 3}),
        ("participants.moved", {"position": None, "ended": []}),
        ("participant.added", {"participant": "2"}),
        ("participant.added", {"participant": True}),
        ("participant.added", {"participant": 0}),
        ("participant.moved", {"participant": 1, "position": "0", "name": "a"}),
        ("participant.moved", {"participant": 1, "position": -2, "name": "a"}),
        ("participant.ended", {"participant": None}),
        ("experiment.configured", {"study": 7, "sha256": "0", "text": STUDY}),
        ("experiment.configured", {"study": "text", "sha256": "0", "text": 5}),
        ("experiment.configured", {"study": "text", "sha256": "", "text": STUDY}),
        (
            "experiment.opened",
            {
                "default_participant": 1,
                "assignment": "chance",
                "abandoned_after_s": None,
            },
        ),
    ],
)
async def test_an_event_that_is_no_fact_is_named(
    desk: Desk, recipes: Path, book: Book, type_: str, data: dict[str, object]
) -> None:
    await opened(desk, recipes)
    await book.append([Event(new_id(), "experiment-lab", type_, data, 1.0)], {})

    with pytest.raises(
        UnreadableError, match=f"event 4 of stream 'experiment-lab', '{type_}', is no"
    ):
        await block(desk)


async def test_a_study_that_cannot_be_read_any_more_can_be_replaced(
    desk: Desk, book: Book
) -> None:
    await open_session(desk, "lab")
    data = {"study": "text", "sha256": "0", "text": "[[blocks]]"}
    broken = Event(new_id(), "experiment-lab", "experiment.configured", data, 1.0)
    await book.append([broken], {})

    with pytest.raises(SchemaError):
        await desk.do("lab", MoveToNext(1), new_id())
    with pytest.raises(SchemaError):
        await block(desk)

    source = Source.of("text", STUDY.encode())
    assert (await desk.do("lab", Configure("lab", source), new_id())).is_new
    assert (await desk.do("lab", MoveToNext(1), new_id())).name == "a"


async def test_an_event_of_a_later_release_is_passed_over(
    desk: Desk, recipes: Path, book: Book
) -> None:
    await opened(desk, recipes)
    await book.append([Event(new_id(), "experiment-lab", "note", {"x": 1}, 1.0)], {})

    assert await block(desk) == -1
    assert (await desk.do("lab", MoveToNext(1), new_id())).name == "a"
