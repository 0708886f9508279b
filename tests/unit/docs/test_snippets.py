"""What stands in blocks on the pages is sound: Python runs, recipes are checked."""

from __future__ import annotations

import json
import re
import types
from pathlib import Path
from typing import Any

import tomli

from recado.recipe import check
from recado.testing import Harness
from tests.page import blocks

ROOT = Path(__file__).parents[3]
README = ROOT / "README.md"


def run(page: Path) -> dict[str, Any]:
    """Run the Python of a page that is no session and no file; return its names."""
    module = types.ModuleType(page.stem.replace("-", "_"))
    for block in blocks(page):
        if block.kind == "python" and not block.note and ">>> " not in block.text:
            exec(compile(block.text, str(page), "exec"), vars(module))
    return vars(module)


def test_the_python_of_a_page_runs(page: Path) -> None:
    assert run(page)


def test_the_recipes_of_a_page_have_neither_errors_nor_warnings(page: Path) -> None:
    documents = [json.loads(each.text) for each in blocks(page) if each.kind == "json"]
    recipes = [each for each in documents if "start" in each]

    found = [check(recipe) for recipe in recipes]

    assert [(each.errors, each.warnings) for each in found] == [((), ())] * len(found)


def test_the_toml_of_a_page_can_be_read(page: Path) -> None:
    for block in blocks(page):
        if block.kind == "toml":
            assert tomli.loads(block.text)


async def test_the_service_of_the_readme_halves_and_rejects() -> None:
    async with Harness(run(README)["Resize"]()) as h:
        await h.send({"width": 1600})
        await h.send({"width": 1})
        await h.settle()

        assert h.sent == [{"width": 800}]
        assert [each.text for each in h.dead] == ["a picture 1 wide has no half"]


def test_the_readme_is_short_and_names_the_test_of_its_promise() -> None:
    text = README.read_text("utf-8")

    assert len(text.splitlines()) < 120
    assert "**Delivery at least once, recorded effect once.**" in text
    (test,) = re.findall(r"\[`(tests/system/\w+\.py)`\]", text)
    assert "def test_" in (ROOT / test).read_text("utf-8")
