"""The period that a study states is the smallest one, and over it everything is balanced."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise, product

import pytest

from recado_experiment import Study

SQUARES = ["latin_square", "balanced_square", "williams"]
ORDERED = ["as_is", *SQUARES]
NAMES = [f"{letter}{number}" for letter in "abcdefg" for number in range(7)]
BLOCKS = "".join(f'[[blocks]]\nname = "{name}"\nconfig = {{}}\n' for name in NAMES)


def a_study(configuration: str) -> Study:
    return Study.read(f"[configuration]\n{configuration}\n{BLOCKS}")


def grouped(groups: str, within: str, shape: tuple[int, int], more: str = "") -> Study:
    """Return a study of so many groups of so many blocks, no block twice."""
    count, size = shape
    order = [[f"{letter}{at}" for at in range(size)] for letter in "abcdefg"[:count]]
    return a_study(
        f"order = {order}\ngroups_strategy = '{groups}'\n"
        f"within_groups_strategy = '{within}'\n{more}"
    )


def smallest_period(study: Study) -> int:
    """Return after how many participants all lists come again, by looking."""
    lists = [study.names(at) for at in range(1, 3 * study.period + 1)]
    periods = range(1, 2 * study.period + 1)
    return next(by for by in periods if lists[by:] == lists[:-by])


@pytest.mark.parametrize("shape", [*product(range(1, 6), range(1, 6))])
@pytest.mark.parametrize(("groups", "within"), [*product(ORDERED, ORDERED)])
def test_groups_and_what_is_within_come_again_after_the_period_and_no_sooner(
    groups: str, within: str, shape: tuple[int, int]
) -> None:
    study = grouped(groups, within, shape)

    assert smallest_period(study) == study.period


@pytest.mark.parametrize("within", ORDERED)
@pytest.mark.parametrize("sizes", [(1,), (3,), (2, 3), (1, 4, 3), (5, 2)])
@pytest.mark.parametrize("edges", [(1, 1), (2, 1), (3, 4)])
def test_rows_of_tables_come_again_after_the_period_and_no_sooner(
    within: str, sizes: tuple[int, ...], edges: tuple[int, int]
) -> None:
    rows = [[f"{'abc'[at]}{n}" for n in range(size)] for at, size in enumerate(sizes)]
    tables = {
        "order": rows,
        "init_blocks": [[f"e{at}"] for at in range(edges[0])],
        "final_blocks": [[f"f{at}"] for at in range(edges[1])],
    }
    lines = [
        f"{key} = {{ {', '.join(f'{at} = {row}' for at, row in enumerate(found, 1))} }}"
        for key, found in tables.items()
    ]
    study = a_study("\n".join([f"within_groups_strategy = '{within}'", *lines]))

    assert smallest_period(study) == study.period


@pytest.mark.parametrize("shape", [*product(range(1, 6), range(2, 6))])
@pytest.mark.parametrize(("groups", "within"), [*product(SQUARES[1:], SQUARES[1:])])
def test_over_the_period_each_block_is_in_each_place_and_beside_each_other_equally_often(
    groups: str, within: str, shape: tuple[int, int]
) -> None:
    count, size = shape
    study = grouped(groups, within, shape)
    lists = [study.names(at) for at in range(1, study.period + 1)]

    places = Counter((at, name) for names in lists for at, name in enumerate(names))
    assert set(places.values()) == {study.period // (count * size)}
    assert len(places) == (count * size) ** 2
    inside = Counter(pair for it in lists for pair in pairwise(it) if _are_kin(*pair))
    assert set(inside.values()) == {study.period // size}
    assert len(inside) == count * size * (size - 1)
    across = Counter(
        (one[0], two[0])
        for it in lists
        for one, two in pairwise(it)
        if not _are_kin(one, two)
    )
    assert set(across.values()) <= {study.period // count}
    assert len(across) == count * (count - 1)


@pytest.mark.parametrize("size", [2, 4, 6])
def test_an_even_latin_square_within_an_even_one_is_balanced_over_its_period(
    size: int,
) -> None:
    study = grouped("latin_square", "latin_square", (size, size))
    lists = [study.names(at) for at in range(1, study.period + 1)]

    assert study.period == size * size
    places = Counter((at, name) for names in lists for at, name in enumerate(names))
    assert set(places.values()) == {1}
    inside = Counter(pair for it in lists for pair in pairwise(it) if _are_kin(*pair))
    assert set(inside.values()) == {size}


def _are_kin(one: str, two: str) -> bool:
    return one[0] == two[0]
