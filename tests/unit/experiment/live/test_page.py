"""The page on the Python API says what is so, and names all that there is."""

from __future__ import annotations

import doctest
from pathlib import Path

from recado_experiment import Experiment, ParticipantState

PAGE = Path(__file__).parents[4] / "docs/reference/experiment-api.md"
STUDY = """
[configuration]
order = ["quiet", "loud"]

[[blocks]]
name = "quiet"
config = { sound = 0.1 }

[[blocks]]
name = "loud"
config = { sound = 0.9 }
"""


def test_the_example_gives_what_the_page_shows(tmp_path: Path) -> None:
    file = tmp_path / "sounds.toml"
    file.write_text(STUDY)

    results = doctest.testfile(
        str(PAGE), module_relative=False, globs={"file": str(file)}
    )

    assert results.attempted == 3
    assert results.failed == 0


def test_each_public_name_is_on_the_page(tmp_path: Path) -> None:
    page = PAGE.read_text()
    file = tmp_path / "sounds.toml"
    file.write_text(STUDY)

    with Experiment(file) as experiment:
        names = {*dir(experiment), *dir(ParticipantState)}

    told = {name for name in names if f"`{name}" in page}
    assert {name for name in names if not name.startswith("_")} - told == set()
