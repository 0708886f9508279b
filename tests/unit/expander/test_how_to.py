"""The how-to page on expanding shows what really happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recado.recipe import Recipe
from recado.testing import Harness
from recado.validation import validated
from recado_expander.request import Request

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "expand-a-study.md"
READING = """
[configuration]
order = ["paper"]
[[blocks]]
name = "paper"
config = { trials = 24 }
"""


def example(kind: str) -> Any:
    """Return what an example on the page holds."""
    (text,) = re.findall(rf"^```json {kind}\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    return json.loads(text)


def test_the_recipe_is_sound_and_its_parameters_are_understood() -> None:
    recipe = Recipe.read(json.dumps(example("recipe")))

    request = validated(Request, recipe.steps[1].parameters, "parameters")

    assert request.study == "pilots/reading.toml"


@pytest.mark.parametrize("by", ["participant", "block"])
async def test_the_next_step_gets_what_the_page_shows(
    expander: Callable[..., Harness], by: str
) -> None:
    async with expander() as harness:
        await harness.send({"text": READING, "participants": 3, "by": by})
        await harness.settle()

    assert harness.sent == [example(f"output {by}")]


def test_the_payload_is_understood() -> None:
    request = validated(Request, example("payload"), "payload")

    assert (str(request.participants), request.by) == ("25-26", "block")
