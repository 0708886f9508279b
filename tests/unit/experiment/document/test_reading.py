"""Text that is no study, and the lines that problems are on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recado_experiment import Study, StudyError
from recado_experiment.document import reading

Write = Callable[..., str]


def refused(text: str | bytes) -> str:
    with pytest.raises(StudyError) as caught:
        Study.read(text, "memory.toml")
    return str(caught.value)


def test_text_that_is_not_toml_is_refused_with_the_line() -> None:
    assert refused("a = 1\nb = ]").startswith("memory.toml: line 2: not TOML: ")


def test_a_table_that_is_there_twice_is_named() -> None:
    assert refused("[a.b]\n[a.b]") == (
        "memory.toml: line 2: not TOML: cannot declare a.b twice"
    )


def test_bytes_that_are_not_utf_8_are_refused_with_the_line() -> None:
    assert refused(b"a = 1\nb = '\xff'") == (
        "memory.toml: line 2: not UTF-8: invalid start byte"
    )


def test_bytes_may_begin_with_a_mark(ordered: Write) -> None:
    text = ordered('order = ["a"]')

    assert Study.read(text.encode("utf-8-sig")).names(1) == ["a"]


@pytest.mark.parametrize(
    "text",
    ["a = " + "[" * 5000, "a = " + "9" * 5000, ".".join(["a"] * 5000) + " = 1"],
)
def test_endless_text_is_refused_and_not_followed(text: str) -> None:
    assert refused(text).startswith("memory.toml: not TOML: ")


def test_deep_tables_are_refused() -> None:
    assert refused(".".join(["a"] * 101) + " = 1") == (
        "memory.toml: tables nested more than 100 deep"
    )


def test_long_text_is_refused() -> None:
    most = reading.MAX_CHARACTERS

    assert refused("#" * (most + 1)) == (
        f"memory.toml: {most + 1} characters long; at most {most} are read"
    )


def test_many_unknown_names_are_all_reported_and_the_first_explained() -> None:
    names = [f"name{at}" for at in range(2000)]
    text = (
        f'blocks = [{{ name = "name", config = {{}} }}]\nconfiguration.order = {names}'
    )

    with pytest.raises(StudyError) as caught:
        Study.read(text)

    texts = [problem.text for problem in caught.value.problems]
    assert len(texts) == 2000
    assert texts[0] == "no block 'name0'; did you mean 'name'? known: name"
    assert texts[-1] == "no block 'name1999'"
