"""Blocks: variables, calls, and what a block has to be."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recado_experiment import Study
from recado_experiment.blocks.compiling import Compiler
from recado_experiment.document.findings import Findings
from tests.unit.experiment.blocks.configs import only_config
from tests.unit.experiment.refusing import problems

Write = Callable[..., str]


def test_variables_are_filled_into_tables_and_not_into_arrays() -> None:
    study = Study.read("""
        [configuration]
        order = ["a"]
        variables = { N = 5, T = { x = "$N" } }
        [[blocks]]
        name = "a"
        config = { n = "$N", deep = { t = "$T" }, list = ["$N"], text = "is $N" }
    """)

    config = study.configs(1)[0]

    assert config["n"] == 5
    assert config["deep"] == {"t": {"x": "$N"}}
    assert config["list"] == ["$N"]
    assert config["text"] == "is $N"
    assert [str(warning) for warning in study.warnings] == [
        "line 7: blocks[0].config.list[0]: '$N' stays as it is inside an array"
    ]


def test_a_variable_can_be_a_name_a_parent_or_a_whole_config() -> None:
    text = """
        [configuration]
        order = ["7"]
        variables = { NAME = 7, PARENT = "base", CONFIG = { y = 2 } }
        [[blocks]]
        name = "$NAME"
        extends = "$PARENT"
        config = "$CONFIG"
        [[blocks]]
        name = "base"
        config = { x = 1 }
    """

    assert only_config(text) == '{"y": 2, "x": 1}'


def test_filled_in_keys_keep_their_place_and_their_draws() -> None:
    call = '{ function_name = "choices", args = [[1, 2, 3, 4, 5]] }'
    with_name = f"config = {{ name = {call}, p = {call}, block_id = 1979-05-27 }}"
    head = '[configuration]\norder = ["a"]\n[[blocks]]\nname = "a"\n'

    config = Study.read(head + with_name).configs(1)[0]
    twice = Study.read(head + f"config = {{ o = {call}, p = {call} }}").configs(1)[0]

    assert list(config) == ["name", "p", "block_id", "participant_index"]
    assert config["name"] == "a"
    assert config["p"] == twice["p"]


def test_calls_outside_of_config_are_drawn_too() -> None:
    text = """
        [configuration]
        order = ["a"]
        [[blocks]]
        name = "a"
        note = { function_name = "choices", args = [[7]] }
        config = {}
    """

    assert Study.read(text).expand(1)[0]["note"] == [7]


def test_what_stays_in_arrays_is_warned_of() -> None:
    study = Study.read("""
        [configuration]
        order = ["a"]
        [[blocks]]
        name = "a"
        config.calls = [{ function_name = "choices", args = [[1]] }]
        config.big = inf
    """)

    assert [str(warning) for warning in study.warnings] == [
        "line 6: blocks[0].config.calls[0]: a function call inside an array is not made",
        "line 7: blocks[0].config.big: is inf, a number that JSON has no word for",
    ]


def test_tables_that_seem_to_be_meant_as_calls_are_warned_of() -> None:
    study = Study.read("""
        [configuration]
        order = ["a"]
        [[blocks]]
        name = "a"
        [blocks.config]
        p = { function_name = "choices", args = [[1]], parms = {} }
        q = { function_name = "choices" }
        r = { function = "choices", args = [[1]] }
        s = { functionname = "choices", args = [[1]] }
        t = { args = [[1]], more = 2 }
    """)

    assert study.configs(1)[0]["q"] == {"function_name": "choices"}
    assert [str(warning) for warning in study.warnings] == [
        "line 7: blocks[0].config.p: has a 'function_name', but with 'parms' it is plain"
        " data and no call",
        "line 8: blocks[0].config.q: has a 'function_name', but without 'args' it is plain"
        " data and no call",
        "line 9: blocks[0].config.r.function: did you mean 'function_name'? this is plain"
        " data",
        "line 10: blocks[0].config.s.functionname: did you mean 'function_name'? this is"
        " plain data",
    ]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ("config = 3", "line 5: blocks[0].config: has to be a table, not an integer"),
        (
            'config = { function_name = "choices", args = [[1]] }',
            "line 5: blocks[0].config: is a function call, and has to be a plain table",
        ),
        (
            "config.day = 1979-05-27",
            "line 5: blocks[0].config.day: is a date or time, which JSON has not; write it"
            " as a text",
        ),
        (
            'extends = 5\nconfig = { x = "$N" }',
            "line 5: blocks[0].extends: no block 5; known: a",
        ),
    ],
)
def test_a_block_that_cannot_be_expanded_is_refused(block: str, expected: str) -> None:
    text = f'[configuration]\norder = ["a"]\n[[blocks]]\nname = "a"\n{block}\n'
    text += "[configuration.variables]\nN = 1"

    assert problems(text) == [expected]


def test_more_values_than_the_limit_are_refused() -> None:
    findings = Findings(("blocks", 0))

    Compiler(limit=3).template("a", {"config": {"x": {"y": {"z": 1}}}}, findings)

    assert findings.found.problems == {
        (("blocks",), "more than 3 values, inherited ones counted"): None
    }
