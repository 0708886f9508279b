"""Studies begun, previewed, compared and described for editors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from jsonschema import Draft202012Validator

from tests.unit.cli.conftest import Command
from tests.unit.experiment.recorded import CASES

SQUARE = """
[configuration]
order = ["a", "b", "c"]
groups_strategy = "STRATEGY"
init_blocks = ["hello"]
[[blocks]]
name = "a"
config = { x = 1 }
[[blocks]]
name = "b"
config = { x = 1 }
[[blocks]]
name = "c"
config = { x = 1 }
[[blocks]]
name = "hello"
config = { x = 1 }
"""


def write(folder: Path, name: str, strategy: str, old: str = "", new: str = "") -> str:
    text = SQUARE.replace("STRATEGY", strategy).replace(old, new)
    (folder / name).write_text(text)
    return name


def test_a_new_study_can_be_verified_and_is_not_written_over(
    command: Command, folder: Path
) -> None:
    assert command("expand", "new", "deep/own.toml").out.strip() == "deep/own.toml"
    assert command("expand", "verify", "deep/own.toml").code == 0
    text = (folder / "deep/own.toml").read_text()

    again = command("expand", "new", "deep/own.toml")

    assert again.code == 1
    assert "is there already, and stays as it is" in again.err
    assert (folder / "deep/own.toml").read_text() == text
    assert command("expand", "new", "own.txt").code == 2


def test_a_balanced_square_is_previewed_over_its_period(
    command: Command, folder: Path
) -> None:
    study = write(folder, "s.toml", "balanced_square")

    told = json.loads(command("expand", "preview", study, "--json").out)
    shown = command("expand", "preview", study)

    assert (told["participants"], told["period"]) == (6, 6)
    assert told["blocks"] == ["a", "b", "c"], "those that do not move are left out"
    assert told["places"] == [[2, 2, 2]] * 3
    assert told["followers"] == [[0, 2, 2], [2, 0, 2], [2, 2, 0]]
    assert told["is_even_in_places"]
    assert told["is_even_in_followers"]
    assert shown.out.count("all equally often") == 2
    assert "warning" not in shown.err


def test_a_square_that_is_not_balanced_says_so(command: Command, folder: Path) -> None:
    study = write(folder, "s.toml", "latin_square")
    told = json.loads(command("expand", "preview", study, "--json").out)
    assert told["participants"] == 3
    assert not told["is_even_in_places"]


@pytest.mark.parametrize(("number", "text"), [("7", "take 6 or 12"), ("2", "take 6")])
def test_a_number_that_is_no_multiple_of_the_period_is_warned_of(
    command: Command, folder: Path, number: str, text: str
) -> None:
    study = write(folder, "s.toml", "williams")
    result = command("expand", "preview", study, "-n", number)
    assert result.code == 0
    assert f"are no multiple of the period, 6; {text}" in result.err


def test_where_chance_has_a_part_about_a_hundred_are_looked_at(
    command: Command, folder: Path
) -> None:
    study = write(folder, "s.toml", "randomize")
    told = json.loads(command("expand", "preview", study, "--json").out)
    assert told["participants"] == 100
    assert sum(map(sum, told["places"])) == 300


def test_the_picture_shows_every_count(command: Command, folder: Path) -> None:
    study = write(folder, "s.toml", "balanced_square", '"a"', '"a<&"')
    result = command("expand", "preview", study, "--svg", "s.svg")
    assert result.code == 0
    texts = [
        each.text for each in ElementTree.parse(folder / "s.svg").iter() if each.text
    ]
    assert texts.count("2") == 9 + 6 + 1, "places, followers, and a place's number"
    assert "a<&" in texts


def test_a_picture_shows_names_that_xml_cannot_say(
    command: Command, folder: Path
) -> None:
    study = write(folder, "s.toml", "as_is", '"a"', '"a\\u0001<"')

    assert command("expand", "preview", study, "--svg", "s.svg").code == 0

    texts = {each.text for each in ElementTree.parse(folder / "s.svg").iter()}
    assert "a\N{REPLACEMENT CHARACTER}<" in texts


def test_a_change_is_shown_value_by_value(command: Command, folder: Path) -> None:
    old = write(folder, "old.toml", "latin_square")
    new = write(folder, "new.toml", "latin_square", 'name = "b"\nconfig = { x = 1 }',
                'name = "b"\nconfig = { x = 1.0, y = [1] }')  # fmt: skip

    result = command("expand", "diff", old, new, "-r", "1", "--json")

    assert result.code == 1
    assert json.loads(result.out) == [
        {"participant": 1, "path": "[2].config.x", "old": 1, "new": 1.0},
        {"participant": 1, "path": "[2].config.y", "old": "(absent)", "new": [1]},
    ]
    assert "2 values of 1 participant differ" in result.err


def test_what_cannot_be_expanded_any_more_is_a_difference(
    command: Command, folder: Path
) -> None:
    items = list(range(20))
    call = f'{{ function_name = "choices", args = [{items}], params = {{ unique = true }} }}'
    calls = "".join(f"p{n} = {call}\n" for n in items)
    old = write(folder, "old.toml", "as_is")
    after = f'name = "c"\n[blocks.config]\nx = 1\n{calls}'
    new = write(folder, "new.toml", "as_is", 'name = "c"\nconfig = { x = 1 }', after)

    result = command("expand", "diff", old, new, "-i", "5", "--json")

    (told,) = json.loads(result.out)
    assert "cannot be expanded" in told["new"]


def test_two_that_give_the_same_do_not_differ(command: Command, folder: Path) -> None:
    old = write(folder, "old.toml", "latin_square")
    new = write(
        folder,
        "new.toml",
        "latin_square",
        "[configuration]",
        "# a remark\n[configuration]",
    )
    result = command("expand", "diff", old, new)
    assert (result.code, result.out.strip()) == (0, "")
    assert "the same blocks for 5 participants" in result.err
    assert command("expand", "diff", "-", "-").code == 2


def test_the_schema_takes_good_studies_and_refuses_misspelt_ones(
    command: Command, folder: Path
) -> None:
    import tomli

    schema = json.loads(command("expand", "schema").out)
    Draft202012Validator.check_schema(schema)
    validator: Any = Draft202012Validator(schema)
    command("expand", "new", "own.toml")
    text = (folder / "own.toml").read_text()

    assert list(validator.iter_errors(tomli.loads(text))) == []
    for old, new in [
        ("groups_strategy", "group_strategy"),
        ('"balanced_square"', '"balancd"'),
        ('function_name = "choices"', 'function_name = "choice"'),
        ("random_seed = 1", 'random_seed = "1"'),
        ('name = "welcome"', 'nme = "welcome"'),
        ('order = [["near", "far"], ["bright", "dark"]]', 'order = "near"'),
    ]:
        assert old in text
        assert list(validator.iter_errors(tomli.loads(text.replace(old, new, 1)))), new


def test_the_schema_takes_every_sample_that_experiment_server_takes(
    command: Command,
) -> None:
    import tomli

    schema = json.loads(command("expand", "schema").out)
    validator: Any = Draft202012Validator(schema)
    for case in CASES["valid"]:
        document = tomli.loads(case["toml"])
        assert list(validator.iter_errors(document)) == [], case["id"]
