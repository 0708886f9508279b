"""A parameter that no recipe has a place for is told of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recado.config import load_settings
from recado.recipe import RecipeFolder
from recado_cli.go.submitting import Ask

STEP = {"queue": "hello", "parameters": {"text": "{word} {more[0]:>5}", "{key}": 1}}
RECIPE = {"1": STEP, "start": [[1, "{$REPLACE:all}"]]}
NONE = RecipeFolder(Path("nowhere"))


def ask(folder: Path, file: str | None, names: list[str], **given: object) -> Ask:
    settings = load_settings({"recipes": "recipes"}, {}, folder)
    return Ask.made(names, file, given, settings)


@pytest.mark.parametrize("name", ["word", "more", "key", "all", "guid"])
def test_a_parameter_with_a_place_is_used(folder: Path, name: str) -> None:
    (folder / "x.json").write_text(json.dumps(RECIPE))

    assert ask(folder, "x.json", [], **{name: "1"}).unused(NONE) == []


@pytest.mark.parametrize("name", ["wor", "word ", "queue", "{", "WORD", ""])
def test_a_parameter_without_a_place_is_unused(folder: Path, name: str) -> None:
    (folder / "recipes" / "x.json").write_text(json.dumps(RECIPE))

    recipes = RecipeFolder(folder / "recipes")
    wanted = ask(folder, None, ["hello", "x"], **{name: "1"})

    assert wanted.unused(recipes) == [name]


def test_it_is_told_and_the_request_is_as_good_as_before(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = ask(folder, None, ["hello"], nmae="Ada")

    assert wanted.checked().message is wanted.message
    assert capsys.readouterr().err == (
        "recado: no recipe of this run has {nmae} in it: -s nmae does nothing\n"
    )
