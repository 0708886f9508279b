"""Inheritance: what a block takes on from the one that it extends."""

from __future__ import annotations

from recado_experiment import Study
from recado_experiment.blocks.block import Block
from recado_experiment.blocks.inheritance import MAX_VALUES, Inheritance
from recado_experiment.document.findings import Findings
from tests.unit.experiment.blocks.configs import only_config
from tests.unit.experiment.refusing import problems


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
