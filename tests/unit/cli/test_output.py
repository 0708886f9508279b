"""Tables for people."""

from __future__ import annotations

import pytest

from recado_cli.output import cell, clean, count, print_facts, print_table, when


def test_numbers_stand_to_the_right_and_words_to_the_left(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_table(["name", "count"], [["a", 5], ["bcdef", 1000]])

    assert capsys.readouterr().out.splitlines() == [
        "NAME   COUNT",
        "a          5",
        "bcdef   1000",
    ]


def test_an_empty_table_has_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["name", "count"], [])

    assert capsys.readouterr().out == "NAME  COUNT\n"


def test_facts_stand_under_one_another(capsys: pytest.CaptureFixture[str]) -> None:
    print_facts([("a", 1), ("long", None)])

    assert capsys.readouterr().out == "a     1\nlong  -\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        ("", "-"),
        (1.25, "1.2"),
        (["a", "b"], "a, b"),
        ("two\nlines", "two lines"),
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("Grüße – 你好", "Grüße – 你好"),
    ],
)
def test_a_cell_is_one_line_that_no_terminal_obeys(value: object, text: str) -> None:
    assert cell(value) == text


def test_text_keeps_what_is_printable() -> None:
    assert clean("a\u202eb") == "a\\u202eb"


def test_a_time_that_is_not_known_is_a_dash() -> None:
    assert when(None) == "-"
    assert when(0.0).startswith("19")


def test_a_number_has_its_noun() -> None:
    assert [count(1, "run"), count(2, "run"), count(0, "query", "queries")] == [
        "1 run",
        "2 runs",
        "0 queries",
    ]
