"""What is a recipe and what is an ID, among the arguments that Zocalo's go takes."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Command


def sent(command: Command, *args: str) -> tuple[list[str], dict[str, object]]:
    """Return the recipes and the parameters of the request that would be sent."""
    result = command("go", "--dry-run", "--unchecked", *args)
    assert result.code == 0, result.err
    request = json.loads(result.out)["request"]
    return request["recipes"], {
        key: it for key, it in request["parameters"].items() if key != "guid"
    }


@pytest.mark.parametrize(
    ("args", "recipes", "parameters"),
    [
        (("hello",), ["hello"], {}),
        (("42",), ["42"], {}),
        (("-r", "hello"), ["hello"], {}),
        (("-n", "-r", "hello"), ["hello"], {}),
        (("-r", "hello", "-r", "study", "42"), ["hello", "study"], {"ispyb_dcid": 42}),
        (("-f", "recipes/hello.json", "42"), [], {"ispyb_dcid": 42}),
        (("-f", "recipes/hello.json", "study"), ["study"], {}),
        (("-p", "7"), [], {"ispyb_process": 7}),
        (("7", "-p", "-r", "hello"), ["hello"], {"ispyb_process": 7}),
        (
            ("-r", "hello", "42", "-a", "9"),
            ["hello"],
            {"ispyb_dcid": 42, "ispyb_autoprocscalingid": 9},
        ),
        (("-r", "hello", "-s", "a=b=c"), ["hello"], {"a": "b=c"}),
    ],
    ids=str,
)
def test_recipes_and_ids_are_told_apart(
    command: Command,
    args: tuple[str, ...],
    recipes: list[str],
    parameters: dict[str, object],
) -> None:
    assert sent(command, *args) == (recipes, parameters)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        ((), "which recipe?"),
        (("-n",), "which recipe?"),
        (("-r", "hello", "-s", "bad"), "--set takes K=V or K:=JSON, not 'bad'"),
        (("-r", "hello", "1", "2"), "only one ID can be given, not 1 and 2"),
        (("-r", "hello", "0"), "an ID is a whole number above 0, not 0"),
        (("-r", "hello", "abc"), "'abc' is no ID, which is a whole number above 0"),
        (("-r", "hello", "-n", "7"), "--no-dcid, and ID 7 as well"),
        (("-p",), "which reprocessing?"),
        (("-r", "hello", "-a", "0"), "0 is not in the range"),
        (
            ("-r", "hello", "7", "-s", "ispyb_dcid=8"),
            "'ispyb_dcid' is given by an ID, and by --set",
        ),
        (("hello", "--priority", "10"), "10 is not in the range"),
        (("hello", "--at", "soon"), "--at: a time is 14:30"),
        (
            ("hello", "--drop", "--wait"),
            "a request that is stored cannot be waited for",
        ),
        (("hello", "--timeout", "1"), "--timeout needs --wait or --follow"),
    ],
    ids=str,
)
def test_what_is_misused_is_one_line_and_exits_with_2(
    command: Command, args: tuple[str, ...], said: str
) -> None:
    result = command("go", *args)

    assert (result.code, result.out) == (2, "")
    assert said in result.err
    assert len(result.err.splitlines()) == 1
