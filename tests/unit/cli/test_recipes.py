"""Recipes checked, shown and listed from files and the recipe folder."""

from __future__ import annotations

import json
from pathlib import Path

from tests.unit.cli.conftest import Command


def test_a_good_recipe_is_fine_by_name_and_as_a_file(command: Command) -> None:
    result = command("recipe", "check", "hello", "recipes/hello.json")

    assert result.code == 0
    assert result.out == "hello: fine\nrecipes/hello.json: fine\n"


def test_every_problem_of_every_recipe_is_told(command: Command, folder: Path) -> None:
    (folder / "bad.json").write_text('{"1": {"output": 5}, "start": [[1, {}]]}')

    result = command("recipe", "check", "bad.json", "nope", "gone.json", "hello")

    assert result.code == 1
    assert result.out.startswith("bad.json: 2 errors\n  ")
    assert "nope: 1 error\n  no recipe 'nope'" in result.out
    assert "gone.json: 1 error\n  cannot be read: No such file" in result.out
    assert "hello: fine" in result.out
    assert result.err == "recado: 3 recipes of 4 cannot be run\n"


def test_findings_are_json_where_that_is_wanted(command: Command, folder: Path) -> None:
    (folder / "bad.json").write_text("{")

    said = json.loads(command("recipe", "check", "bad.json", "--json").out)

    assert said[0]["recipe"] == "bad.json"
    assert "not JSON" in said[0]["errors"][0]["text"]


def test_a_recipe_is_shown_as_its_steps_or_as_it_travels(command: Command) -> None:
    assert "1 (start)  hello" in command("recipe", "show", "hello").out
    said = json.loads(command("recipe", "show", "recipes/hello.json", "--json").out)
    assert said["1"]["queue"] == "hello"


def test_the_folder_is_listed_with_what_cannot_be_run(
    command: Command, folder: Path
) -> None:
    (folder / "recipes" / "bad.json").write_text("{")

    assert command("recipe", "ls").out.splitlines() == [
        "RECIPE  PROBLEMS",
        "bad            1",
        "hello          -",
    ]


def test_an_unknown_recipe_is_not_shown(command: Command) -> None:
    assert command("recipe", "show", "helo").code == 1


def test_the_samples_are_copied_and_what_is_there_is_left_alone(
    command: Command, folder: Path
) -> None:
    before = (folder / "recipes" / "hello.json").read_text()

    first = command("recipe", "samples")
    again = command("recipe", "samples")

    assert first.out.split() == ["fails.json", "study.json", "study.toml"]
    assert first.err == "recado: 3 files copied to recipes\n"
    assert again.err == "recado: 0 files copied to recipes\n"
    assert (folder / "recipes" / "hello.json").read_text() == before


def test_without_a_recipe_folder_it_says_how_to_get_one(command: Command) -> None:
    result = command("recipe", "ls", "--recipes", "none")

    assert "'recado recipe samples' makes it" in result.err
