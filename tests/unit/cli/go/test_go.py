"""Starting a run: its parameters, its checks, and what it says without a suite."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from recado_cli.go.command import read_parameters
from tests.unit.cli.conftest import Command


def test_parameters_are_text_unless_they_are_given_as_json() -> None:
    assert read_parameters(("a=1", "b=x=y", "c=", "d:=[7]", "e:=null")) == {
        "a": "1",
        "b": "x=y",
        "c": "",
        "d": [7],
        "e": None,
    }


def test_a_dry_run_prints_what_would_be_sent_and_needs_no_broker(
    command: Command,
) -> None:
    result = command("go", "hello", "-s", "size:=3", "--dry-run")

    said = json.loads(result.out)
    assert result.code == 0
    assert said["request"]["recipes"] == ["hello"]
    assert said["request"]["parameters"] == {"guid": said["run"], "size": 3}
    assert said["recipe"]["1"]["queue"] == "hello"


def test_a_run_may_be_given_its_id(command: Command) -> None:
    result = command("go", "hello", "-s", "guid=monday-1", "--dry-run")

    assert json.loads(result.out)["run"] == "monday-1"


def test_a_recipe_may_come_from_a_file(command: Command, folder: Path) -> None:
    result = command("go", "-f", "recipes/hello.json", "--dry-run")

    assert json.loads(result.out)["recipe"]["1"]["queue"] == "hello"


def test_a_recipe_may_come_from_standard_in(
    command: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (folder / "recipes" / "hello.json").read_bytes()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text)))

    assert command("go", "-f", "-", "--dry-run").code == 0


def test_every_problem_of_a_request_is_told_before_anything_is_sent(
    command: Command, folder: Path
) -> None:
    (folder / "bad.json").write_text('{"1": {"output": 5}, "start": [[1, {}]]}')

    result = command("go", "-f", "bad.json")

    assert result.code == 1
    assert result.err.startswith("recado: recipe bad.json: 2 problems\n  ")
    assert not (folder / ".recado").exists()


def test_an_unknown_recipe_is_told_with_the_nearest(command: Command) -> None:
    result = command("go", "helo")

    assert result.code == 1
    assert "did you mean 'hello'?" in result.err


def test_a_file_given_as_a_name_is_told_how_to_be_given(
    command: Command, folder: Path
) -> None:
    (folder / "mine.json").write_text("{}")

    assert "give it with -f mine.json" in command("go", "mine.json").err


def test_a_file_that_is_not_there_is_one_line(command: Command) -> None:
    result = command("go", "-f", "nope.json")

    assert result.code == 1
    assert result.err == "recado: nope.json: No such file or directory\n"


@pytest.mark.parametrize(
    "args",
    [
        ["go", "hello"],
        ["go", "hello", "--wait"],
        ["run", "ls"],
        ["run", "show", "x"],
        ["dlq", "ls"],
        ["dlq", "show", "x"],
        ["dlq", "retry", "--all"],
        ["events", "read"],
        ["events", "tail"],
        ["registry", "ls"],
        ["registry", "show", "hello"],
        ["status"],
    ],
)
def test_without_a_broker_one_line_says_what_to_do(
    command: Command, folder: Path, args: list[str]
) -> None:
    result = command(*args)

    assert result.code == 1
    assert result.out == ""
    assert result.err == (
        f"recado: there is no broker at {folder}/.recado/broker.db; "
        "start one with 'recado up'\n"
    )
    assert not (folder / ".recado").exists()
