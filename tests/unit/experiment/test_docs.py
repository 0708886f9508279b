"""The reference page of study configurations says what is so."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

from recado_experiment import Study, functions
from recado_experiment.compat import RELEASES

PAGE = Path(__file__).parents[3] / "docs/reference/study-configs.md"


def example() -> str:
    found = re.search(r"```toml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_example_is_read_without_a_warning() -> None:
    assert Study.read(example()).warnings == ()


def test_the_python_examples_give_what_the_page_shows() -> None:
    registered = functions.snapshot()

    try:
        results = doctest.testfile(
            str(PAGE), module_relative=False, globs={"text": example()}
        )
    finally:
        functions.restore(registered)

    assert results.attempted > 8
    assert results.failed == 0


def test_each_key_of_a_configuration_is_described() -> None:
    page = PAGE.read_text()

    keys = {key for release in RELEASES.values() for key in release.settings}
    assert sorted(key for key in keys if f"`{key}`" not in page) == []
