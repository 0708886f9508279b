"""Orders: lists, groups, tables, latin squares, init and final blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from random import Random

import pytest

from recado_experiment import Stream, Study
from recado_experiment.order.squares import row
from tests.unit.experiment.refusing import problems

Write = Callable[..., str]


def orders(text: str, participants: int) -> list[str]:
    study = Study.read(text)
    return ["".join(study.names(at)) for at in range(1, participants + 1)]


def test_rows_of_an_even_square_follow_one_another_equally_often() -> None:
    rows = [row(6, number) for number in range(6)]

    pairs = Counter(pair for one in rows for pair in pairwise(one))

    assert set(pairs.values()) == {1}
    assert len(pairs) == 30


def test_rows_of_an_odd_square_are_each_followed_by_their_reverse() -> None:
    assert [row(3, number) for number in range(6)] == [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
        [0, 2, 1],
        [2, 0, 1],
        [1, 0, 2],
    ]


@pytest.mark.parametrize("size", [0, 1, 2, 5, 33])
def test_a_shuffle_is_that_of_the_standard_library(size: int) -> None:
    ours, theirs = list(range(size)), list(range(size))

    for seed in range(20):
        Stream(seed).shuffle(ours)
        Random(seed).shuffle(theirs)

    assert ours == theirs


def test_a_flat_order_is_ordered_by_the_groups_strategy(ordered: Write) -> None:
    text = ordered('order = ["a", "b", "c"]\ngroups_strategy = "latin_square"')

    assert orders(text, 6) == ["abc", "cba", "bca", "abc", "cba", "bca"]


def test_rows_within_groups_change_once_all_groups_had_their_turn(
    ordered: Write,
) -> None:
    text = ordered(
        'order = [["a", "b"], ["c", "a"]]\ngroups_strategy = "latin_square"\n'
        'within_groups_strategy = "latin_square"'
    )

    assert orders(text, 5) == ["abca", "caab", "baac", "acba", "abca"]
    assert Study.read(text).period == 4


def test_a_table_gives_its_lists_in_turn(ordered: Write) -> None:
    text = ordered('order = { 2 = ["b", "a"], 1 = ["a", "b", "c"] }')

    assert orders(text, 4) == ["abc", "ba", "abc", "ba"]
    assert Study.read(text).period == 2


def test_a_latin_square_within_a_table_turns_with_the_participant(
    ordered: Write,
) -> None:
    text = ordered(
        'within_groups_strategy = "latin_square"\n'
        'order = { 1 = ["a", "b"], 2 = ["a", "b", "c"] }'
    )

    assert orders(text, 6) == ["ab", "cba", "ab", "abc", "ab", "bca"]
    assert Study.read(text).period == 6


def test_of_keys_of_one_number_the_last_counts_and_is_warned_of(ordered: Write) -> None:
    study = Study.read(ordered('order = { 1 = ["a"], 01 = ["b"], 2 = ["c"] }'))

    assert [study.names(at) for at in (1, 2, 3)] == [["b"], ["c"], ["b"]]
    assert [str(warning) for warning in study.warnings] == [
        "line 2: configuration.order.1: is not used: '01' is the same number, and comes"
        " later"
    ]


def test_an_endless_seed_is_warned_of(ordered: Write) -> None:
    study = Study.read(ordered('order = ["a"]\nrandom_seed = -inf'))

    assert [str(warning) for warning in study.warnings] == [
        "line 3: configuration.random_seed: is -inf, which gives everybody the same stream"
    ]


def test_init_and_final_blocks_stand_around_the_order(ordered: Write) -> None:
    text = ordered(
        'order = ["b"]\ninit_blocks = { 1 = ["a"], 2 = [] }\nfinal_blocks = ["c", "a"]'
    )

    assert orders(text, 2) == ["abca", "bca"]


def test_final_blocks_are_shuffled_after_the_order(ordered: Write) -> None:
    text = ordered(
        'order = ["a", "b", "c"]\ngroups_strategy = "randomize"\n'
        'final_blocks = ["a", "b", "c"]\nfinal_blocks_strategy = "randomize"'
    )
    order, final = ["a", "b", "c"], ["a", "b", "c"]
    chance = Random(1)
    chance.shuffle(order)
    chance.shuffle(final)

    assert orders(text, 1) == ["".join(order + final)]


def test_new_names_of_strategies_win_over_old_ones(ordered: Write) -> None:
    text = ordered(
        'order = ["a", "b"]\ngroups = "latin_square"\ngroups_strategy = "as_is"'
    )

    assert orders(text, 2) == ["ab", "ab"]


def test_an_empty_order_is_no_blocks(ordered: Write) -> None:
    assert orders(ordered("order = []"), 1) == [""]


def test_a_stream_is_the_seed_and_the_participant_added_without_sign(
    ordered: Write,
) -> None:
    letters = '["a", "b", "c", "a", "b", "c"]'
    text = ordered(f'order = {letters}\ngroups_strategy = "randomize"\nrandom_seed = 0')

    plain = [Study.read(text).names(at) for at in (1, 7)]
    moved = [
        Study.read(text.replace("= 0", f"= {seed}")).names(1) for seed in ("-2", "6.0")
    ]

    assert moved == plain


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        (
            "",
            "line 1: configuration: has no 'order'; it is the list of blocks to go through",
        ),
        (
            'ordr = ["a"]',
            "line 2: configuration.ordr: is not read; did you mean 'order'? it is the list"
            " of blocks to go through",
        ),
        (
            'order = "$ORDER"',
            "line 2: configuration.order: has to be an array or a table, not a text; a"
            " variable cannot stand for it",
        ),
        (
            "order = 3",
            "line 2: configuration.order: has to be an array or a table, not an integer",
        ),
        (
            'order = ["a", ["b"]]',
            "line 2: configuration.order[1]: has to be the name of a block, not an array"
            " (['b'])",
        ),
        (
            'order = [["a"], ["bb"]]',
            "line 2: configuration.order[1][0]: no block 'bb'; did you mean 'b'? known: a,"
            " b, c",
        ),
        (
            'order = { 1 = ["a"], 3 = ["b"] }',
            "line 2: configuration.order: has to have the keys 1, 2, 3, ... without a gap,"
            " not 1, 3",
        ),
        (
            "order = {}",
            "line 2: configuration.order: has to have the keys 1, 2, 3, ... without a gap,"
            " not none at all",
        ),
        (
            'order = { one = ["a"] }',
            "line 2: configuration.order.one: has to be a whole number from 1, as the key",
        ),
        (
            'order = { 1 = "a" }',
            "line 2: configuration.order.1: has to be an array of block names, not a text",
        ),
        (
            'groups_strategy = "randomize"\norder = { 1 = ["a"] }',
            "line 3: configuration.order: is a table, which goes with the strategy"
            " 'as_is', not 'randomize'",
        ),
        (
            'groups_strategy = "latin_square"\norder = []',
            "line 3: configuration.order: is empty: a latin square needs at least one"
            " group",
        ),
        (
            'within_groups_strategy = "latin_square"\norder = [[]]',
            "line 3: configuration.order: has an empty list: a latin square needs at least"
            " one block",
        ),
        (
            'within_groups_strategy = "latin_square"\norder = [["a", "b"], ["c"]]',
            "line 3: configuration.order: has groups of different sizes, and a latin"
            " square within them needs one size (sizes: 2, 1)",
        ),
        (
            'order = ["a"]\ngroups_strategy = 5',
            "line 3: configuration.groups_strategy: has to be a text, not an integer",
        ),
        (
            'order = ["a"]\ninit_blocks_strategy = "latin_square"',
            "line 3: configuration.init_blocks_strategy: no strategy 'latin_square';"
            " known: as_is, randomize",
        ),
        (
            'order = ["a"]\nfinal_blocks = "a"',
            "line 3: configuration.final_blocks: has to be an array or a table, not a"
            " text",
        ),
        (
            'order = ["a"]\nrandom_seed = "7"',
            "line 3: configuration.random_seed: has to be a number, not a text",
        ),
        (
            'order = ["a"]\nrandom_seed = nan',
            "line 3: configuration.random_seed: is nan, which gives another stream each"
            " time; use a number",
        ),
        (
            'order = ["a"]\nvariables = 5',
            "line 3: configuration.variables: has to be a table, not an integer",
        ),
    ],
)
def test_an_order_that_cannot_be_is_refused(
    ordered: Write, configuration: str, expected: str
) -> None:
    assert problems(ordered(configuration)) == [expected]
