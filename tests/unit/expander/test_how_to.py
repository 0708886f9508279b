"""The how-to page on expanding shows what really happens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recado.config import Settings
from recado.recipe import Recipe
from recado.testing import Harness
from recado.validation import validated
from recado_expander.request import Request
from recado_sinks.jsonlines import JsonLines

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


def written(folder: Path) -> list[Any]:
    """Return the lines of the one file that the recipe names."""
    (file,) = folder.rglob("participants.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_the_recipe_is_sound_and_its_parameters_are_understood() -> None:
    recipe = Recipe.read(json.dumps(example("recipe")))

    request = validated(Request, recipe.steps[1].parameters, "parameters")

    assert request.study == "pilots/reading.toml"


@pytest.mark.parametrize("by", ["participant", "block", "chunk"])
async def test_the_next_step_gets_what_the_page_shows(
    expander: Callable[..., Harness], by: str
) -> None:
    async with expander() as harness:
        await harness.send({"text": READING, "participants": 3, "by": by})
        await harness.settle()

    assert harness.sent == [example(f"output {by}")]


async def test_the_recipe_for_a_file_writes_a_line_for_each_participant(
    expander: Callable[..., Harness], recipes: Path, tmp_path: Path
) -> None:
    (recipes / "pilots").mkdir()
    (recipes / "pilots" / "reading.toml").write_text(READING)
    recipe = Recipe.read(json.dumps(example("file")))
    first, second = (recipe.steps[number] for number in (1, 2))
    writer = Harness(JsonLines(), settings=Settings(state=tmp_path, outputs=tmp_path))
    async with expander() as harness, writer:
        await harness.send({"participants": "1-1200"}, parameters=first.parameters)
        await harness.settle()
        for chunk in harness.sent:
            await writer.send(chunk, parameters=second.parameters)
        await writer.settle()

    assert writer.dead == []
    lines = sorted(written(tmp_path), key=lambda line: line["participant"])
    assert lines[2] == example("output participant")
    assert [each["participant"] for each in lines] == [*range(1, 1201)]


def test_the_payload_is_understood() -> None:
    request = validated(Request, example("payload"), "payload")

    assert (str(request.participants), request.by) == ("25-26", "block")
