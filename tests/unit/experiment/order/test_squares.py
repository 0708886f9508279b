"""Squares: every place and every neighbour equally often, and the period that it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise

import pytest

from recado_experiment import Study
from recado_experiment.order.squares import SQUARES

Write = Callable[..., str]

BALANCED = ["balanced_square", "williams"]


@pytest.mark.parametrize("strategy", BALANCED)
@pytest.mark.parametrize("size", range(1, 13))
def test_each_thing_is_in_each_place_and_after_each_other_equally_often(
    strategy: str, size: int
) -> None:
    square = SQUARES[strategy]
    rows = [square.row(size, number) for number in range(square.rows(size))]

    assert all(sorted(each) == list(range(size)) for each in rows)
    assert len(rows) == (size if size % 2 == 0 or size == 1 else 2 * size)
    places = Counter((at, thing) for each in rows for at, thing in enumerate(each))
    assert len(places) == size * size
    assert set(places.values()) == {len(rows) // size}
    pairs = Counter(pair for each in rows for pair in pairwise(each))
    assert len(pairs) == size * (size - 1)
    assert set(pairs.values()) <= {len(rows) // size}


@pytest.mark.parametrize("size", [3, 5, 7])
def test_the_first_half_of_an_odd_square_is_not_balanced(size: int) -> None:
    square = SQUARES["latin_square"]
    rows = [square.row(size, number) for number in range(square.rows(size))]
    pairs = Counter(pair for each in rows for pair in pairwise(each))
    assert square.rows(size) == size
    assert len(set(pairs.values())) > 1 or len(pairs) < size * (size - 1)


@pytest.mark.parametrize("size", [2, 4, 6, 8])
def test_of_an_even_number_the_balanced_square_is_the_latin_square(size: int) -> None:
    latin, balanced = SQUARES["latin_square"], SQUARES["balanced_square"]
    assert [latin.row(size, n) for n in range(latin.rows(size))] == [
        balanced.row(size, n) for n in range(balanced.rows(size))
    ]


def names(count: int, letter: str = "b") -> list[str]:
    return [f"{letter}{number}" for number in range(count)]


def a_study(order: object, **strategies: str) -> Study:
    listed = sorted(
        {name for name in str(order).replace("'", " ").split() if name[0] in "abc"}
    )
    lines = ["[configuration]", f"order = {order}".replace("'", '"')]
    lines += [f'{key} = "{value}"' for key, value in strategies.items()]
    lines += [f'[[blocks]]\nname = "{name}"\nconfig = {{}}' for name in listed]
    return Study.read("\n".join(lines))


@pytest.mark.parametrize("strategy", BALANCED)
@pytest.mark.parametrize(("size", "period"), [(4, 4), (5, 10)])
def test_a_flat_order_goes_through_the_whole_square(
    strategy: str, size: int, period: int
) -> None:
    study = a_study(names(size), groups_strategy=strategy)
    assert study.period == period
    orders = [tuple(study.names(at)) for at in range(1, 2 * period + 1)]
    assert orders[:period] == orders[period:]
    assert len(set(orders)) == period


@pytest.mark.parametrize("groups", BALANCED)
@pytest.mark.parametrize("within", BALANCED)
def test_squares_of_groups_and_within_them_meet_in_every_combination(
    groups: str, within: str
) -> None:
    order = [names(5, letter) for letter in "abc"]
    study = a_study(order, groups_strategy=groups, within_groups_strategy=within)
    assert study.period == 6 * 10
    orders = [study.names(at) for at in range(1, study.period + 1)]
    assert len(set(map(tuple, orders))) == study.period
    kinds = Counter("".join(name[0] for name in each[::5]) for each in orders)
    assert set(kinds.values()) == {10}
    inner = Counter("".join(name[1] for name in each[:5]) for each in orders)
    assert set(inner.values()) == {6}


@pytest.mark.parametrize("within", BALANCED)
def test_within_groups_that_stay_each_participant_has_the_next_row(within: str) -> None:
    study = a_study([names(4, "a"), names(4, "b")], within_groups_strategy=within)
    assert study.period == 4
    assert len({tuple(study.names(at)) for at in range(1, 5)}) == 4


@pytest.mark.parametrize("within", BALANCED)
def test_within_the_lists_of_a_table_every_row_meets_every_list(within: str) -> None:
    text = """
[configuration]
within_groups_strategy = "STRATEGY"
[configuration.order]
1 = ["a", "b"]
2 = ["b", "c"]
"""
    blocks = "".join(f'[[blocks]]\nname = "{name}"\nconfig = {{}}\n' for name in "abc")
    study = Study.read(text.replace("STRATEGY", within) + blocks)
    assert study.period == 4
    orders = {"".join(study.names(at)) for at in range(1, 5)}
    assert orders == {"ab", "ba", "bc", "cb"}


@pytest.mark.parametrize("strategy", BALANCED)
def test_a_square_draws_nothing_from_the_stream(strategy: str) -> None:
    text = """
[configuration]
order = ["a", "b"]
groups_strategy = "STRATEGY"
[[blocks]]
name = "a"
config = { side = { function_name = "choices", args = [["l", "r"]], params = {} } }
[[blocks]]
name = "b"
extends = "a"
config = {}
"""
    drawn = Study.read(text.replace("STRATEGY", strategy))
    plain = Study.read(text.replace("STRATEGY", "latin_square"))
    for at in range(1, 9):
        assert drawn.configs(at) == plain.configs(at) or drawn.names(at) != plain.names(
            at
        )
        sides = [each["side"] for each in drawn.configs(at)]
        assert sides == [each["side"] for each in plain.configs(at)]
