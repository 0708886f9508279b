"""The index: each dead letter once, exact, and easy to find."""

from __future__ import annotations

import base64
import sqlite3
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from recado.errors import ConfigError, NotFoundError
from recado.message import Message
from recado.schemas.letters import LetterFilter, ListRequest
from recado_deadletter import index as index_module
from recado_deadletter.database import Database
from recado_deadletter.entry import read_entry
from recado_deadletter.index import LetterIndex

MakeDead = Callable[..., Message]
AddDead = Callable[..., str]


def ids(index: LetterIndex, **where: object) -> list[str]:
    page = index.page(ListRequest(where=LetterFilter.model_validate(where)))
    assert page.total == len(page.letters)
    return [line.id for line in page.letters]


def test_a_letter_that_comes_twice_is_indexed_once(
    index: LetterIndex, make_dead: MakeDead
) -> None:
    entry = read_entry(make_dead(), 0.0)

    first = index.add([entry, entry])
    second = index.add([entry])

    assert first == [*second, *second]
    assert ids(index) == second


def test_a_message_that_dies_again_after_a_retry_is_a_new_letter_linked_to_the_former(
    index: LetterIndex, add_dead: AddDead
) -> None:
    last = add_dead(retries=3)
    first = add_dead(retries=0)

    assert index.show(last).previous == first
    assert index.show(first).following == last
    assert index.show(first).previous == ""


def test_bytes_and_headers_come_back_exactly(
    index: LetterIndex, make_dead: MakeDead
) -> None:
    body = bytes(range(256))
    message = make_dead(body=body)

    (id_,) = index.add([read_entry(message, 0.0)])
    shown = index.show(id_)

    assert base64.b64decode(shown.body) == body
    assert shown.headers == message.headers
    assert (shown.is_json, shown.content) == (False, None)


def test_a_json_body_is_shown_as_what_it_says(
    index: LetterIndex, add_dead: AddDead
) -> None:
    shown = index.show(add_dead(body=b'{"a": [null]}'))

    assert (shown.is_json, shown.content) == (True, {"a": [None]})


def test_a_letters_id_has_twelve_digits_and_more_if_they_are_taken(
    index: LetterIndex, add_dead: AddDead, monkeypatch: pytest.MonkeyPatch
) -> None:
    def clashing(message: str, retries: int, length: int) -> str:
        return ("a" * 12 + message.replace("-", ""))[:length]

    monkeypatch.setattr(index_module, "letter_id", clashing)

    first, second = add_dead("one"), add_dead("two")

    assert first == "a" * 12
    assert len(second) == 16
    assert second.startswith(first)
    assert index.resolve(first) == first


def test_the_beginning_of_an_id_will_do(index: LetterIndex, add_dead: AddDead) -> None:
    id_ = add_dead()

    assert index.resolve(id_[:4].upper()) == id_


def test_a_beginning_of_several_ids_names_them(
    index: LetterIndex, add_dead: AddDead
) -> None:
    known = sorted(add_dead(str(number)) for number in range(20))
    first = next(a for a, b in pairwise(known) if a[0] == b[0])[0]
    meant = [id_ for id_ in known if id_.startswith(first)]

    with pytest.raises(NotFoundError, match="several letters") as caught:
        index.resolve(first)

    assert all(id_ in str(caught.value) for id_ in meant[:10])


@pytest.mark.parametrize("asked", ["ffffffffffff", "%", "", "g"])
def test_an_unknown_id_is_answered_with_the_nearest(
    index: LetterIndex, add_dead: AddDead, asked: str
) -> None:
    known = add_dead()
    asked = asked or f"{known[:-1]}x"

    with pytest.raises(NotFoundError, match=f"no letter {asked!r}.*{known}"):
        index.show(asked)


def test_each_filter_selects(index: LetterIndex, add_dead: AddDead) -> None:
    one = add_dead("one", queue="a", reason="error", run="r1", text="Disk FULL", at=1.0)
    two = add_dead("two", queue="b", reason="schema", run="", service="s", at=2.0)

    assert ids(index) == [two, one]
    assert ids(index, queue="a") == [one]
    assert ids(index, reason="schema") == [two]
    assert ids(index, run="r1") == [one]
    assert ids(index, service="s") == [two]
    assert ids(index, text="k ful") == [one]
    assert ids(index, since=2.0) == [two]
    assert ids(index, state="retried") == []
    assert ids(index, state=None, queue="b", since=1.0) == [two]


@pytest.mark.parametrize("text", ["%", "_", "\\", "100%"])
def test_a_text_is_looked_for_as_it_stands(
    index: LetterIndex, add_dead: AddDead, text: str
) -> None:
    add_dead("other", text="nothing of the kind")
    meant = add_dead("meant", text="full: 100% _ \\")

    assert ids(index, text=text) == [meant]


def test_pages_go_from_the_newest_to_the_oldest_and_count_the_whole(
    index: LetterIndex, add_dead: AddDead
) -> None:
    added = [
        add_dead(str(n), queue="ab"[n % 2], reason=["error", "timeout"][n > 2])
        for n in range(5)
    ]

    seen: list[str] = []
    before: int | None = None
    while True:
        page = index.page(ListRequest(limit=2, before=before))
        assert page.total == 5
        assert page.queues == {"a": 3, "b": 2}
        assert page.reasons == {"error": 3, "timeout": 2}
        seen += [line.id for line in page.letters]
        before = page.next
        if before is None:
            break

    assert seen == added[::-1]


def test_a_letter_that_comes_between_two_pages_moves_nothing(
    index: LetterIndex, add_dead: AddDead
) -> None:
    oldest, newest = add_dead("one"), add_dead("two")
    first = index.page(ListRequest(limit=1))
    add_dead("three")

    second = index.page(ListRequest(limit=1, before=first.next))

    assert [line.id for line in first.letters] == [newest]
    assert [line.id for line in second.letters] == [oldest]


def test_what_was_added_is_there_after_the_file_was_opened_anew(
    index: LetterIndex, add_dead: AddDead, database: Database
) -> None:
    id_ = add_dead()

    database.close()

    assert ids(index) == [id_]


def test_a_failure_in_a_batch_leaves_nothing_of_it(
    index: LetterIndex, make_dead: MakeDead, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [read_entry(make_dead(name), 0.0) for name in ("one", "two")]

    def torn(entry: object) -> str:
        if entry is entries[1]:
            raise OSError("torn")
        return "{}"

    monkeypatch.setattr(index_module, "_details", torn)

    with pytest.raises(OSError, match="torn"):
        index.add(entries)

    assert ids(index) == []


def test_a_database_of_a_newer_recado_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "deadletters.db"
    newer = sqlite3.connect(path)
    newer.execute("PRAGMA user_version = 99")
    newer.close()

    with pytest.raises(ConfigError, match="version 99, made by a newer recado"):
        Database(path).connection()
