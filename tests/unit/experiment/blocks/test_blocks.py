"""Blocks: variables, parents, and what a block has to be."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from recado_experiment import Study, StudyError
from recado_experiment.blocks.block import Block
from recado_experiment.blocks.compiling import Compiler
from recado_experiment.blocks.inheritance import MAX_VALUES, Inheritance
from recado_experiment.document.findings import Findings

Write = Callable[..., str]


def only_config(text: str) -> str:
    config = Study.read(text).configs(1)[0]
    for key in ("participant_index", "name", "block_id"):
        del config[key]
    return json.dumps(config)


def problems(text: str) -> list[str]:
    with pytest.raises(StudyError) as caught:
        Study.read(text)
    return [str(problem) for problem in caught.value.problems]


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


def test_a_child_is_merged_over_its_parents_with_its_own_keys_first() -> None:
    text = """
        [configuration]
        order = ["c"]
        [[blocks]]
        name = "c"
        extends = "b"
        config = { z = false, t = { q = [], r = {} } }
        [[blocks]]
        name = "b"
        extends = "a"
        [[blocks]]
        name = "a"
        config = { x = 1, t = { p = 1, q = [2], r = { s = 3 } }, z = 9 }
    """

    assert (
        only_config(text)
        == '{"z": false, "t": {"q": [], "r": {"s": 3}, "p": 1}, "x": 1}'
    )


def test_a_circle_takes_on_what_it_meets_and_is_warned_of() -> None:
    study = Study.read("""
        [configuration]
        order = ["a", "b"]
        [[blocks]]
        name = "a"
        extends = "b"
        config = { x = 1 }
        [[blocks]]
        name = "b"
        extends = "a"
        config = { y = 2 }
    """)

    keys = [list(config)[:2] for config in study.configs(1)]

    assert keys == [["x", "y"], ["y", "x"]]
    assert [warning.line for warning in study.warnings] == [6, 10]


def test_a_circle_without_config_is_refused() -> None:
    assert problems("""
        [configuration]
        order = ["a"]
        [[blocks]]
        name = "a"
        extends = "a"
    """) == ["line 4: blocks[0].config: missing, and the block inherits none"]


def test_long_chains_of_parents_are_resolved() -> None:
    blocks = [f'[[blocks]]\nname = "{at}"\nextends = "{at + 1}"' for at in range(3000)]
    last = '[[blocks]]\nname = "3000"\nconfig = { x = 1 }'
    text = "\n".join(['[configuration]\norder = ["0"]', *blocks, last])

    assert only_config(text) == '{"x": 1}'


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


def test_unused_blocks_may_be_unfinished() -> None:
    text = """
        [configuration]
        order = ["a"]
        [[blocks]]
        name = "base"
        config.p = { function_name = "choices", params = {} }
        [[blocks]]
        name = "a"
        extends = "base"
        config.p.args = [[4]]
    """

    assert only_config(text) == '{"p": [4]}'


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


def test_all_problems_of_a_study_come_at_once_in_the_order_of_its_lines() -> None:
    assert problems("""
        [configuration]
        order = ["a", "cc"]
        groups_strategy = "random"
        variables = { COUNT = 1 }
        [[blocks]]
        name = "a"
        [blocks.config]
        n = "$COUNTS"
        [[blocks]]
        extends = "a"
        [[blocks]]
        name = "a"
        [[blocks]]
        name = "c"
        extends = "A"
    """) == [
        "line 3: configuration.order[1]: no block 'cc'; did you mean 'c'? known: a, c",
        "line 4: configuration.groups_strategy: no strategy 'random'; did you mean"
        " 'randomize'? known: as_is, balanced_square, latin_square, randomize, williams",
        "line 9: blocks[0].config.n: no variable '$COUNTS'; did you mean '$COUNT'? known:"
        " $COUNT",
        "line 10: blocks[1]: has no 'name'; the order names it",
        "line 12: blocks[2]: has no 'config'; a block has a 'config', or a block that it"
        " 'extends'",
        "line 13: blocks[2].name: 'a' is the name of blocks[0] as well",
        "line 16: blocks[3].extends: no block 'A'; did you mean 'a'? known: a, c",
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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "[configuration]\norder = []",
            "blocks: missing; a study has at least one [[blocks]]",
        ),
        (
            "blocks = 3\n[configuration]\norder = []",
            "line 1: blocks: has to be an array of tables, [[blocks]], not an integer",
        ),
        (
            "blocks = [3]\n[configuration]\norder = []",
            "line 1: blocks[0]: has to be a table, not an integer (3)",
        ),
        (
            "blocks = []\nconfigurations = {}",
            "line 2: configurations: is not read; did you mean 'configuration'? it says the"
            " order of the blocks",
        ),
        (
            "blocks = []\nconfiguration = 3",
            "line 2: configuration: has to be a table, not an integer",
        ),
    ],
)
def test_a_study_without_its_parts_is_refused(text: str, expected: str) -> None:
    assert expected in problems(text)


def test_a_problem_that_is_inherited_is_told_once_where_it_was_written() -> None:
    assert problems("""
        [configuration]
        order = ["b", "a", "c"]
        [[blocks]]
        name = "b"
        extends = "a"
        [[blocks]]
        name = "a"
        [blocks.config]
        p = { function_name = "choices", args = 3 }
        [[blocks]]
        name = "c"
        extends = "b"
    """) == [
        "line 10: blocks[1].config.p.args: has to be an array or a table, not an integer"
    ]


def test_one_problem_does_not_make_another() -> None:
    assert problems("""
        [configuration]
        order = ["child", "lost", "stray", "gone"]
        [[blocks]]
        name = "child"
        extends = "base"
        [[blocks]]
        name = "base"
        config = { p = { function_name = "choices", args = 3 } }
        [[blocks]]
        name = "stray"
        extends = "lost"
        [[blocks]]
        name = "lost"
        extends = "bass"
    """) == [
        "line 3: configuration.order[3]: no block 'gone'; known: base, child, lost, stray",
        "line 9: blocks[1].config.p.args: has to be an array or a table, not an integer",
        "line 15: blocks[3].extends: no block 'bass'; did you mean 'base'? known: base,"
        " child, lost, stray",
    ]


def test_keys_that_nobody_reads_are_warned_of(ordered: Write) -> None:
    text = ordered('order = ["a"]\nwithin_groups = "randomize"\nseed = 3')

    warnings = [str(warning) for warning in Study.read("title = 1\n" + text).warnings]

    assert warnings == [
        "line 1: title: 'title' is not used; known: blocks, configuration, crossings",
        "line 3: configuration.order: is one flat list, so 'within_groups' is not used;"
        " 'groups_strategy' orders the list",
        "line 4: configuration.within_groups: is an old name; write"
        " 'within_groups_strategy'",
        "line 5: configuration.seed: 'seed' is not used; known: compat,"
        " expand_arrays, final_blocks, final_blocks_strategy, groups_strategy, init_blocks,"
        " init_blocks_strategy, order, random_seed, variables, within_groups_strategy",
    ]


def test_blocks_that_inherit_too_much_from_one_another_are_refused() -> None:
    blocks = [
        Block(
            ("blocks", at),
            str(at),
            {"extends": str(at + 1), f"key{at}": 0} if at < 2100 else {},
        )
        for at in range(2101)
    ]
    findings = Findings()

    Inheritance(blocks, findings).tables()

    assert len(findings.found.problems) == 1
    assert f"inherit more than {MAX_VALUES} values" in str(findings.found.problems)


def test_more_values_than_the_limit_are_refused() -> None:
    findings = Findings(("blocks", 0))

    Compiler(limit=3).template("a", {"config": {"x": {"y": {"z": 1}}}}, findings)

    assert findings.found.problems == {
        (("blocks",), "more than 3 values, inherited ones counted"): None
    }
