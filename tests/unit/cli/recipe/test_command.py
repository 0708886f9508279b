"""Recipes checked, shown and listed from files and the recipe folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from recado.config import Settings
from recado.schemas.registry import Instance, ServicesReply
from recado_cli.recipe import drawing
from recado_cli.recipe.alive import compared
from recado_cli.recipe.library import Library
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
        "RECIPE  VERSION  PROBLEMS  DESCRIPTION",
        "bad     -               1  -",
        "hello   -               -  -",
    ]


STUDY = """{
  "version": "1.2", "description": "finds spots",
  "parameters": {
    "properties": {
      "images": {"type": "integer", "description": "how many"},
      "limit": {"type": ["number", "null"], "default": null}
    },
    "required": ["images"]
  },
  "1": {"service": "Finder", "queue": "find.{images}", "output": {"spots": [2], "none": 3},
        "retry": {"attempts": 3, "cap_s": 60}, "timeout_s": 0.25, "error": 3},
  "2": {"queue": "integrate", "transport-delay": "{limit}", "priority": 7},
  "3": {"topic": "nothing", "reports": false},
  "start": [[1, {}]]
}"""


def test_a_recipe_is_shown_with_all_that_it_says(
    command: Command, folder: Path
) -> None:
    (folder / "recipes" / "study@1.2.json").write_text(STUDY)

    assert command("recipe", "show", "study").out.splitlines() == [
        "recipe       study",
        "version      1.2",
        "description  finds spots",
        "",
        "PARAMETER  IS                DEFAULT  REQUIRED  DESCRIPTION",
        "images     an integer        -        yes       how many",
        "limit      a number or null  null     -         -",
        "",
        "STEP       TO             SERVICE  SENDS TO           FAILURES TO  DELAY S"
        "  RETRY                 TIMEOUT S  PRIORITY  REPORTS",
        "1 (start)  find.{images}  Finder   spots: 2; none: 3            3  -      "
        "  attempts 3, cap_s 60       0.25         -  -",
        "2          integrate      -        -                            -  {limit}"
        "  -                             -         7  -",
        "3          topic nothing  -        -                            -  -      "
        "  -                             -         -  false",
    ]


def test_versions_are_listed_with_what_they_say(command: Command, folder: Path) -> None:
    (folder / "recipes" / "study@1.2.json").write_text(STUDY)

    said = json.loads(command("recipe", "ls", "--json").out)

    assert [(it["recipe"], it["version"]) for it in said] == [
        ("hello", None),
        ("study@1.2", "1.2"),
    ]
    assert "study@1.2      1.2  -         finds spots" in command("recipe", "ls").out


def test_a_file_with_errors_is_told_its_warnings_too(
    command: Command, folder: Path
) -> None:
    (folder / "bad.json").write_text('{"1": {"queue": "a", "topic": "b"}, "strat": 1}')

    out = command("recipe", "check", "bad.json").out

    assert out.startswith("bad.json: 2 errors, 1 warning\n")
    assert "warning: 1: both a queue and a topic" in out


def instance(service: str, **beat: Any) -> Instance:
    return Instance(
        instance="host.1",
        service=service,
        status=2,
        statustext="idle",
        since=0.0,
        age_s=0.0,
        ends_in_s=1.0,
        beat=beat,
    )


def test_a_recipe_is_compared_with_what_is_running(folder: Path) -> None:
    (folder / "recipes" / "study@1.2.json").write_text(STUDY)
    looks = [Library(Settings(recipes=Path("recipes"))).look("study")]
    ours = instance("finder", recado={"queues": ["integrat"]})
    theirs = instance("DLS Spots", serviceclass="Finder")

    def warnings(*instances: Instance) -> list[str]:
        services = ServicesReply(instances=list(instances), complete_in_s=0.0)
        (look,) = compared(looks, services)
        return [str(problem) for problem in look.findings.warnings]

    queue = "2.queue: nobody consumes the queue 'integrate'"
    assert (
        warnings(ours)
        == warnings(ours, theirs)
        == [f"{queue}; did you mean 'integrat'? known: dlq, integrat"]
    )
    assert warnings(theirs) == [f"{queue}; known: dlq"]
    assert "1.service: no service 'Finder' is running; none are known" in warnings()


def test_what_cannot_be_run_is_compared_with_nothing(folder: Path) -> None:
    look = Library(Settings(recipes=Path("recipes"))).look("nope")

    services = ServicesReply(instances=[], complete_in_s=0.0)

    assert compared([look], services) == [look]


def test_where_no_broker_runs_a_live_check_says_so(command: Command) -> None:
    result = command("recipe", "check", "--live", "hello")

    assert result.code == 1
    assert "start one with 'recado up'" in result.err


def test_a_recipe_is_drawn_as_an_outline_as_dot_and_as_a_picture(
    command: Command, folder: Path
) -> None:
    (folder / "recipes" / "study@1.2.json").write_text(STUDY)

    text = command("recipe", "graph", "study").out
    dot = command("recipe", "graph", "study", "--format", "dot").out
    picture = command("recipe", "graph", "study", "--format", "svg").out

    assert text.splitlines()[:2] == [
        "start",
        "▼ 1 Finder → find.{images} (3 attempts · at most 0.25 s)",
    ]
    assert dot.startswith('digraph "recipe study" {\n')
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"


@pytest.mark.parametrize(
    ("file", "beginning"),
    [
        ("a.svg", "<svg "),
        ("a.dot", "digraph "),
        ("a.gv", "digraph "),
        ("a.txt", "start"),
    ],
)
def test_a_drawing_has_the_form_that_its_files_name_ends_with(
    command: Command, folder: Path, file: str, beginning: str
) -> None:
    result = command("recipe", "graph", "hello", "-o", file)

    assert (result.code, result.out) == (0, "")
    assert (folder / file).read_text("utf-8").startswith(beginning)


def test_the_form_that_is_asked_for_goes_before_the_files_name(
    command: Command, folder: Path
) -> None:
    command("recipe", "graph", "hello", "--format", "dot", "-o", "a.svg")

    assert (folder / "a.svg").read_text("utf-8").startswith("digraph ")


def test_a_name_in_an_outline_is_nothing_that_a_terminal_obeys(
    command: Command, folder: Path
) -> None:
    (folder / "evil.json").write_text(
        '{"1": {"queue": "a\\u001b[31m\\nb"}, "start": [[1, {}]]}'
    )

    assert command("recipe", "graph", "evil.json").out == (
        "start\n▼ 1 → a\\x1b[31m b\n"
    )


def test_a_drawing_that_cannot_be_written_is_a_failure(command: Command) -> None:
    result = command("recipe", "graph", "hello", "-o", "nowhere/a.svg")

    assert result.code == 1
    assert "nowhere/a.svg: No such file or directory" in result.err


def test_what_no_picture_can_show_is_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawing, "MAX_LINKS", 0)

    result = command("recipe", "graph", "hello", "--format", "svg")

    assert result.code == 1
    assert "has 1 links, a picture at most 0; --format dot" in result.err


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


def test_the_hook_for_pre_commit_runs_a_command_that_there_is(command: Command) -> None:
    hook = (Path(__file__).parents[4] / ".pre-commit-hooks.yaml").read_text("utf-8")
    (entry,) = [line for line in hook.splitlines() if "entry:" in line]

    result = command(*entry.split("recado ")[1].split(), "recipes/hello.json")

    assert (result.code, result.out) == (0, "recipes/hello.json: fine\n")
