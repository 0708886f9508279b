"""What is wrong with a study is told at once, and each thing once."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from recado_experiment import Study
from tests.unit.experiment.refusing import problems

Write = Callable[..., str]


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
