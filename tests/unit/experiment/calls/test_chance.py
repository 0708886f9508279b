"""What is drawn is as likely as it should be, and a draw that is biased would be found."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Sequence
from itertools import permutations
from random import Random
from statistics import NormalDist
from typing import Any

import pytest

from recado_experiment import Stream, Study
from recado_experiment.calls import choices, stream
from recado_experiment.calls.stream import Urn
from tests.unit.experiment.calls.fairness import has_distribution, is_fair

PARTICIPANTS = 6000

ORDER = """
[configuration]
order = [ORDER]
groups_strategy = "GROUPS"
within_groups_strategy = "WITHIN"
[[blocks]]
name = "a"
config = {}
[[blocks]]
name = "b"
config = {}
[[blocks]]
name = "c"
config = {}
"""


def called(function: str, args: str, more: str = "") -> list[Any]:
    """Return what each of many participants gets of a call."""
    study = Study.read(
        '[configuration]\norder = ["a"]\n[[blocks]]\nname = "a"\n'
        f'config.p = {{ function_name = "{function}", args = {args}{more} }}\n'
    )
    return [study.configs(at)[0]["p"] for at in range(1, PARTICIPANTS + 1)]


def ordered(order: str, groups: str, within: str) -> list[tuple[str, ...]]:
    """Return the order of blocks that each of many participants gets."""
    text = ORDER.replace("ORDER", order, 1)
    study = Study.read(text.replace("GROUPS", groups).replace("WITHIN", within))
    return [tuple(study.names(at)) for at in range(1, PARTICIPANTS + 1)]


def choices_are_fair() -> bool:
    found = called("choices", '[["x", "y", "z"]]')
    return is_fair([it[0] for it in found], dict.fromkeys("xyz", 1))


def weighted_choices_are_fair() -> bool:
    found = called("choices", '[["x", "y", "z"], [1, 2, 3]]')
    return is_fair([it[0] for it in found], {"x": 1, "y": 2, "z": 3})


def unique_choices_are_fair() -> bool:
    args = '{ population = ["x", "y", "z", "w"], k = 2 }'
    found = called("choices", args, ", params = { unique = true }")
    return is_fair(list(map(tuple, found)), dict.fromkeys(permutations("xyzw", 2), 1))


def samples_are_fair() -> bool:
    found = called("sample", '{ population = ["x", "y", "z", "w"], k = 2 }')
    return is_fair(list(map(tuple, found)), dict.fromkeys(permutations("xyzw", 2), 1))


def samples_of_one_group_are_fair() -> bool:
    one = '{ function_name = "sample", args = [["x", "y", "z", "w"], 2], params.unique = true }'
    study = Study.read(
        '[configuration]\norder = ["a", "a"]\n[[blocks]]\nname = "a"\n'
        f"config.p = {one}\n"
    )
    found = [
        tuple(str(item) for config in study.configs(at) for item in _items(config["p"]))
        for at in range(1, PARTICIPANTS + 1)
    ]
    return is_fair(found, dict.fromkeys(permutations("xyzw"), 1))


def shuffles_are_fair() -> bool:
    found = called("shuffle", '[["x", "y", "z", "w"]]')
    return is_fair(list(map(tuple, found)), dict.fromkeys(permutations("xyzw"), 1))


def integers_are_fair() -> bool:
    return is_fair(called("randint", "[-1, 4]"), dict.fromkeys(range(-1, 5), 1))


def sequences_are_fair() -> bool:
    found = called("sequence", '{ items = ["x", "y", "z"], start = "participant" }')
    return is_fair(found, dict.fromkeys("xyz", 1)) and found[:4] == ["x", "y", "z", "x"]


def uniform_numbers_are_spread_evenly() -> bool:
    found = called("uniform", "[-2, 6]")
    return has_distribution(found, lambda number: (number + 2) / 8)


def uniform_integers_of_a_range_are_fair() -> bool:
    """Rounding gives both ends half of what the others get."""
    found = called("uniform", "{ low = 0, high = 4, digits = 0 }")
    return is_fair(found, {0.0: 1, 1.0: 2, 2.0: 2, 3.0: 2, 4.0: 1})


def normal_numbers_are_normal() -> bool:
    return has_distribution(called("normal", "[100, 15]"), NormalDist(100, 15).cdf)


def normal_numbers_are_cut_off() -> bool:
    bell = NormalDist()
    first, last = bell.cdf(0.5), bell.cdf(2)
    found = called("normal", "{ low = 0.5, high = 2 }")
    return all(0.5 <= each <= 2 for each in found) and has_distribution(
        found, lambda number: (bell.cdf(number) - first) / (last - first)
    )


def blocks_in_a_group_are_fair() -> bool:
    found = ordered('["a", "b", "c"]', "as_is", "randomize")
    return is_fair(found, dict.fromkeys(permutations("abc"), 1))


def groups_are_fair() -> bool:
    found = ordered('["a"], ["b"], ["c"]', "randomize", "as_is")
    return is_fair(found, dict.fromkeys(permutations("abc"), 1))


def groups_and_what_is_within_do_not_depend_on_each_other() -> bool:
    found = ordered('["a", "b"], ["c", "c"]', "randomize", "randomize")
    orders = ["abcc", "bacc", "ccab", "ccba"]
    return is_fair(found, {tuple(order): 1 for order in orders})


FAIR: list[Callable[[], bool]] = [
    choices_are_fair,
    weighted_choices_are_fair,
    unique_choices_are_fair,
    samples_are_fair,
    samples_of_one_group_are_fair,
    shuffles_are_fair,
    integers_are_fair,
    sequences_are_fair,
    uniform_numbers_are_spread_evenly,
    uniform_integers_of_a_range_are_fair,
    normal_numbers_are_normal,
    normal_numbers_are_cut_off,
    blocks_in_a_group_are_fair,
    groups_are_fair,
    groups_and_what_is_within_do_not_depend_on_each_other,
]


def _items(value: object) -> list[object]:
    assert isinstance(value, list)
    return value  # pyright: ignore[reportUnknownVariableType]: JSON


@pytest.mark.parametrize("claim", FAIR)
def test_what_is_drawn_is_as_likely_as_it_should_be(claim: Callable[[], bool]) -> None:
    assert claim()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 100])
def test_numbers_below_a_size_are_as_likely(size: int) -> None:
    made = Stream(size)
    found = [made.below(size) for _ in range(size * 200)]
    assert is_fair(found, dict.fromkeys(range(size), 1))


class Leaning(Random):
    """Draws numbers that are a little smaller than they should be."""

    def random(self) -> float:
        return float(super().random() ** 1.15)


def with_remainder(self: Stream, size: int) -> int:
    """Draw a number below a size, as those do who forget that it is no power of 2."""
    return int(self.random() * 2 ** size.bit_length()) % size


def swapped_with_any(self: Stream, items: list[Any]) -> None:
    """Shuffle as those do who let each item change places with any other."""
    for at in range(len(items)):
        other = int(self.random() * len(items))
        items[at], items[other] = items[other], items[at]


def sattolo(self: Stream, items: list[Any]) -> None:
    """Shuffle as those do who never leave an item where it is."""
    for last in range(len(items) - 1, 0, -1):
        other = int(self.random() * last)
        items[last], items[other] = items[other], items[last]


def in_order(self: Urn, count: int, stream: Stream) -> list[int]:
    """Draw the right numbers, and forget their order."""
    return sorted(DRAW(self, count, stream))


def one_too_early(sums: Sequence[float], number: float, low: int, high: int) -> int:
    """Find the place of a number as those do who begin at the second weight."""
    return max(bisect_left(sums, number, low, high) - 1, 0)


def too_wide(self: NormalDist, share: float) -> float:
    """Return the quantile of a distribution that is a fifth too wide."""
    return 1.2 * (INVERSE(self, share) - self.mean) + self.mean


DRAW = Urn.draw
INVERSE = NormalDist.inv_cdf

MUTANTS: list[tuple[object, str, object, list[Callable[[], bool]]]] = [
    (stream, "Random", Leaning, [
        choices_are_fair, unique_choices_are_fair, weighted_choices_are_fair,
        uniform_numbers_are_spread_evenly,
        uniform_integers_of_a_range_are_fair, normal_numbers_are_normal,
        normal_numbers_are_cut_off]),
    (Stream, "below", with_remainder, [integers_are_fair, samples_are_fair,
        samples_of_one_group_are_fair]),
    (Stream, "shuffle", swapped_with_any, [shuffles_are_fair, blocks_in_a_group_are_fair,
        groups_are_fair]),
    (Stream, "shuffle", sattolo, [shuffles_are_fair, groups_are_fair,
        groups_and_what_is_within_do_not_depend_on_each_other]),
    (Urn, "draw", in_order, [samples_are_fair, samples_of_one_group_are_fair]),
    (choices, "bisect", one_too_early, [weighted_choices_are_fair]),
    (NormalDist, "inv_cdf", too_wide, [normal_numbers_are_normal, normal_numbers_are_cut_off]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("place", "name", "mutant", "claim"),
    [
        pytest.param(place, name, mutant, claim, id=f"{name}-{claim.__name__}")
        for place, name, mutant, claims in MUTANTS
        for claim in claims
    ],
)
def test_a_draw_that_is_biased_is_found(
    monkeypatch: pytest.MonkeyPatch,
    place: object,
    name: str,
    mutant: object,
    claim: Callable[[], bool],
) -> None:
    monkeypatch.setattr(place, name, mutant)

    assert not claim()
