"""Studies that are refused, and everything that is said of each.

``broken-studies.txt`` has them one after another: a title after ``===``, the study, and
after ``---`` all of its problems in their order, with line, path and text.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.unit.experiment.refusing import refused

TABLE = Path(__file__).with_name("broken-studies.txt").read_text()


class Broken(NamedTuple):
    """One study that is refused."""

    title: str
    text: str
    problems: list[str]


def broken_studies() -> list[Broken]:
    found = re.findall(r"^=== (.*)\n((?s:.*?))^---\n((?:.+\n)+)", TABLE, re.MULTILINE)
    return [Broken(title, text, told.splitlines()) for title, text, told in found]


BROKEN = broken_studies()


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.title for broken in BROKEN])
def test_every_problem_is_told_once_with_its_line_and_path(broken: Broken) -> None:
    assert [str(each) for each in refused(broken.text).problems] == broken.problems


def test_the_table_is_read_to_its_end() -> None:
    assert len(BROKEN) == TABLE.count("\n=== ") + 1 > 100
    assert len({broken.title for broken in BROKEN}) == len(BROKEN)


@pytest.mark.parametrize("broken", BROKEN, ids=[broken.title for broken in BROKEN])
def test_only_what_is_not_there_has_no_line(broken: Broken) -> None:
    told = [str(problem) for problem in refused(broken.text).problems]

    without = [text.split(":")[0] for text in told if not text.startswith("line ")]
    assert set(without) <= {"configuration", "blocks"}
    assert not any(re.search(rf"^\W*{path}\b", broken.text, re.M) for path in without)
