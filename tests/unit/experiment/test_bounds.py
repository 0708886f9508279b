"""Bounds of a study that only crossings, patterns and long orders come to."""

from __future__ import annotations

import pytest

from tests.unit.experiment.refusing import problem

LEVELS = list(range(100))
CROSSED = f'[[crossings]]\nname = "g"\nfactors = {{ x = {LEVELS}, y = {LEVELS} }}\n'


@pytest.mark.parametrize("order", ["{}", "{{ 1 = {} }}", "[{}]"])
def test_an_order_calls_no_more_than_a_million_blocks(order: str) -> None:
    called = order.format(["g"] * 101)

    found = problem(f"[configuration]\norder = {called}\n{CROSSED}")

    assert found == (
        "line 2: configuration.order: calls 1010000 blocks, crossings' included; at most"
        " 1000000"
    )


def test_patterns_are_of_no_more_than_a_hundred_sets_of_factors() -> None:
    factors = ", ".join(f"f{at} = [1]" for at in range(101))
    patterns = ", ".join(f"{{ f{at} = 1 }}" for at in range(101))

    found = problem(
        '[configuration]\norder = ["g"]\n[[crossings]]\nname = "g"\n'
        f"factors = {{ {factors} }}\ninclude = [{patterns}]"
    )

    assert "has patterns of 101 different sets of factors; at most 100" in found


def test_too_few_items_are_told_for_the_row_that_needs_most() -> None:
    call = '{ function_name = "sample", args = [[1, 2]], params.unique = true }'

    found = problem(
        "[configuration.order]\n"
        '1 = ["a", "a", "a", "a"]\n2 = ["a", "a", "a"]\n'
        f'[[blocks]]\nname = "a"\nconfig.x = {call}'
    )

    assert "4 different items are needed, and the population has 2" in found
