"""The lines that paths of a document are written on."""

from __future__ import annotations

import json

import pytest
import tomli
from hypothesis import given, settings
from hypothesis import strategies as st

from recado_experiment.document.findings import Path
from recado_experiment.document.lines import lines_of
from recado_experiment.document.tables import is_list, is_table

TEXT = '''
title = """
[not.a.header]
key = 1
""" # an end
[configuration]
order = [
  ["a"], # ]
  "]", 'x = [',
]
[[blocks]]
name = "a"
[blocks.config]
"two words".deep = "a \'''b" # it's one
[blocks.config.table]
x = { y = """one
two""", z = 2 }
[[blocks]]
name = "b"
[blocks.config]
late = true
[[blocks]]
config."caf\\u00e9" = { p = [1, { q = 3 }, # [
  [[3, 4],
   [5]]] }
config.y = 1
'b' = """""two"""""
  c = 5
[ blocks . config . 'z' ]
q = 1979-05-27 07:32:00 # ]
[[blocks.more]]
x = 1
[[ blocks . more ]]
x = 2
[crossings.far.below]
x = 0
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("title",), 2),
        (("configuration",), 6),
        (("configuration", "order"), 7),
        (("configuration", "order", 0), 8),
        (("configuration", "order", 0, 0), 8),
        (("configuration", "order", 1), 9),
        (("configuration", "order", 5), 7),
        (("configuration", "gone"), 6),
        (("blocks",), 11),
        (("blocks", 0), 11),
        (("blocks", 0, "name"), 12),
        (("blocks", 0, "config"), 13),
        (("blocks", 0, "config", "two words", "deep"), 14),
        (("blocks", 0, "config", "table"), 15),
        (("blocks", 0, "config", "table", "x", "y"), 16),
        (("blocks", 0, "config", "table", "x", "z"), 17),
        (("blocks", 1), 18),
        (("blocks", 1, "config", "late"), 21),
        (("blocks", 1, "config", "gone", 3), 20),
        (("blocks", 2, "config"), 23),
        (("blocks", 2, "config", "café"), 23),
        (("blocks", 2, "config", "café", "p", 1, "q"), 23),
        (("blocks", 2, "config", "café", "p", 2, 0), 24),
        (("blocks", 2, "config", "café", "p", 2, 1, 0), 25),
        (("blocks", 2, "config", "y"), 26),
        (("blocks", 2, "b"), 27),
        (("blocks", 2, "c"), 28),
        (("blocks", 2, "config", "z", "q"), 30),
        (("blocks", 2, "more", 0, "x"), 32),
        (("blocks", 2, "more", 1), 33),
        (("blocks", 2, "more", 1, "x"), 34),
        (("crossings", "far"), 35),
        (("crossings", "far", "below", "x"), 36),
        (("not",), None),
        (("key",), None),
        ((), None),
    ],
)
def test_a_path_is_found_on_its_line(path: Path, line: int | None) -> None:
    assert lines_of(TEXT, [path]).get(path) == line


def test_paths_are_found_together_as_well_as_one_by_one() -> None:
    paths: list[Path] = [("blocks", 2, "c"), ("title",), ("not",), ("blocks", 0)]

    assert lines_of(TEXT, paths) == {
        ("blocks", 2, "c"): 28,
        ("title",): 2,
        ("blocks", 0): 11,
    }


def test_lines_may_end_in_two_characters() -> None:
    text = 'a = 1\r\n[b]\r\nc = [\r\n"x",\r\n"y"]\r\n'

    assert lines_of(text, [("b", "c", 1)]) == {("b", "c", 1): 5}


KEYS = st.sampled_from(["a", "b c", "d.e", 'f"g', "h'i", "j#", "é", "[k]", ""])
TEXTS = st.sampled_from(["", "x", "#", "]", "}", '"', "'", "a\nb = [", '"""', "\\"])
VALUES = st.recursive(
    st.one_of(st.integers(0, 9), st.booleans(), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)


class Writer:
    """Writes values as TOML, arrays over many lines, and notes where it puts them."""

    def __init__(self) -> None:
        self.text = ""
        self.lines: dict[Path, int] = {}

    def note(self, path: Path) -> None:
        self.lines[path] = self.text.count("\n") + 1

    def value(self, path: Path, value: object) -> None:
        if is_table(value):
            self.text += "{"
            for at, (key, inner) in enumerate(value.items()):
                self.text += "," * (at > 0)
                self.pair((*path, key), key, inner)
            self.text += "}"
        elif is_list(value):
            self.text += "[ # ]\n"
            for at, inner in enumerate(value):
                self.note((*path, at))
                self.value((*path, at), inner)
                self.text += " , # [\n"
            self.text += "]"
        elif isinstance(value, str) and "\n" in value:
            self.text += f"'''\n{value}'''"
        else:
            self.text += json.dumps(value)

    def pair(self, path: Path, key: str, value: object) -> None:
        self.note(path)
        self.text += f"{json.dumps(key)} = "
        self.value(path, value)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(KEYS, VALUES, max_size=4), min_size=1, max_size=4))
def test_every_path_of_a_document_is_found(tables: list[dict[str, object]]) -> None:
    writer = Writer()
    for at, table in enumerate(tables):
        writer.note(("t", at))
        writer.text += "[[t]] # [[t]]\n"
        for key, value in table.items():
            writer.pair(("t", at, key), key, value)
            writer.text += "\n"

    assert tomli.loads(writer.text) == {"t": tables}
    assert lines_of(writer.text, writer.lines) == writer.lines
    for path, line in list(writer.lines.items())[-3:]:
        assert lines_of(writer.text, [path]) == {path: line}
