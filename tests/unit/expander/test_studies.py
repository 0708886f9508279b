"""Prepared studies are kept, a few of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Thread

import pytest

from recado.studies import Source
from recado_expander.studies import Prepared, Studies
from recado_experiment import Study, StudyError

TEXT = b"[configuration]\norder = ['a']\n[[blocks]]\nname = 'a'\nconfig = {}\n#"


def prepared(studies: Studies, text: bytes) -> Prepared:
    return studies.prepare(Source.of("study.toml", text))


def is_kept(studies: Studies, text: bytes) -> bool:
    return studies.get("study.toml", Source.of("", text).sha256) is not None


def test_a_text_is_read_once() -> None:
    studies = Studies()

    assert prepared(studies, TEXT) is prepared(studies, TEXT)


def test_one_text_under_two_names_is_two_studies() -> None:
    studies = Studies()

    studies.prepare(Source.of("a.toml", TEXT))

    assert studies.prepare(Source.of("b.toml", TEXT)).study.name == "b.toml"


def test_the_one_that_was_not_used_for_longest_goes() -> None:
    studies = Studies(most=2)
    one, two, three = (TEXT + number for number in (b"1", b"2", b"3"))

    prepared(studies, one)
    prepared(studies, two)
    prepared(studies, one)
    prepared(studies, three)

    assert [is_kept(studies, text) for text in (one, two, three)] == [True, False, True]
    assert len(studies) == 2


def test_the_texts_kept_have_room_together() -> None:
    studies = Studies(room=3 * len(TEXT))
    large = TEXT + b"x" * len(TEXT)

    prepared(studies, TEXT)
    prepared(studies, TEXT + b"1")
    prepared(studies, large)

    assert [is_kept(studies, it) for it in (TEXT, TEXT + b"1", large)] == [
        False,
        False,
        True,
    ]


def test_one_that_has_no_room_at_all_is_returned_and_not_kept() -> None:
    studies = Studies(room=1)

    assert prepared(studies, TEXT).study.names(1) == ["a"]
    assert len(studies) == 0


def test_a_broken_text_is_not_kept() -> None:
    studies = Studies()

    with pytest.raises(StudyError):
        prepared(studies, b"=")

    assert len(studies) == 0


def test_threads_that_come_together_share_one() -> None:
    studies = Studies()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(partial(prepared, studies), [TEXT] * 64))

    assert all(each is found[0] for each in found)


def test_one_that_is_kept_is_found_while_another_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    studies = Studies()
    prepared(studies, TEXT)
    read = Study.read
    found: list[bool] = []

    def slowly(text: bytes, name: str) -> Study:
        asking = Thread(target=lambda: found.append(is_kept(studies, TEXT)))
        asking.start()
        asking.join(5)
        found.append(not asking.is_alive())
        return read(text, name)

    monkeypatch.setattr(Study, "read", slowly)
    prepared(studies, TEXT + b"1")

    assert found == [True, True]
