"""Text that is no study, and the lines that problems are on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recado_experiment import Study, StudyError
from recado_experiment.document import reading
from tests.unit.experiment.refusing import refused

Write = Callable[..., str]


def told(text: str | bytes) -> str:
    """Return what is said of a study that is refused."""
    return str(refused(text, "memory.toml"))


def test_text_that_is_not_toml_is_refused_with_the_line() -> None:
    assert told("a = 1\nb = ]").startswith("memory.toml: line 2: not TOML: ")


def test_a_table_that_is_there_twice_is_named() -> None:
    assert told("[a.b]\n[a.b]") == (
        "memory.toml: line 2: not TOML: cannot declare a.b twice"
    )


def test_bytes_that_are_not_utf_8_are_refused_with_the_line() -> None:
    assert told(b"a = 1\nb = '\xff'") == (
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
    assert told(text).startswith("memory.toml: not TOML: ")


def test_deep_tables_are_refused() -> None:
    assert told(".".join(["a"] * 101) + " = 1") == (
        "memory.toml: tables nested more than 100 deep"
    )


def test_long_text_is_refused() -> None:
    most = reading.MAX_CHARACTERS

    assert told("#" * (most + 1)) == (
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
