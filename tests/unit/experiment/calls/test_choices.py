"""The function ``choices``: its draws, its groups, and calls that cannot be made."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from recado.message import Json
from recado_experiment import Study, StudyError
from tests.unit.experiment.refusing import problem

Write = Callable[..., str]


def drawn(text: str, participant: int = 1) -> list[Json]:
    return [config["p"] for config in Study.read(text).configs(participant)]


KNOWN = "choices, normal, randint, sample, sequence, shuffle, uniform"


def call(args: str, more: str = "") -> str:
    return f'{{ function_name = "choices", args = {args}{more} }}'


@pytest.mark.parametrize("count", [-1, 0, 1, 2, 3, 50])
def test_draws_are_those_of_the_standard_library(with_call: Write, count: int) -> None:
    items = ["x", "y", "z"]

    found = drawn(with_call(call(f"{{ population = {items}, k = {count} }}"), 2))

    chance = Random(1)
    assert found == [chance.choices(items, k=count), chance.choices(items, k=count)]


@pytest.mark.parametrize(
    "args",
    [
        {"population": ["x", "y", "z"], "weights": [3, 1, 0.5], "k": 20},
        {"population": ["x", "y", "z"], "cum_weights": [1, 1, 7], "k": 20},
    ],
)
def test_weighted_draws_are_those_of_the_standard_library(
    with_call: Write, args: dict[str, object]
) -> None:
    written = ", ".join(f"{key} = {value}" for key, value in args.items())

    found = drawn(with_call(call(f"{{ {written} }}")))

    assert found == [Random(1).choices(**args)]  # type: ignore[arg-type]  # by keyword


def test_an_array_of_args_is_population_and_weights(with_call: Write) -> None:
    assert drawn(with_call(call('[["l", "r"], [0, 1]]'))) == [["r"]]


def test_letters_of_a_text_are_drawn_with_a_warning(with_call: Write) -> None:
    study = Study.read(with_call(call('["$POP"]')))

    assert study.configs(1)[0]["p"] == Random(1).choices("$POP")
    assert "its letters are drawn" in " ".join(map(str, study.warnings))


def test_unique_items_are_given_away_once_in_a_group(with_call: Write) -> None:
    items = list(range(24))

    found = drawn(with_call(call(f"[{items}]", ", params = { unique = true }"), 8))

    assert len({str(one) for one in found}) == 8


def test_a_unique_draw_gives_up_after_twenty_two_attempts(with_call: Write) -> None:
    text = with_call(call("[[1, 2, 3, 4, 5]]", ", params = { unique = true }"), 5)
    study = Study.read(text, "small.toml")

    failures: list[str] = []
    for participant in range(1, 400):
        try:
            study.expand(participant)
        except StudyError as error:
            failures.append(str(error))

    assert 0 < len(failures) < 399
    assert failures[0].startswith(
        "small.toml: line 5: blocks[0].config.p: participant "
    )
    assert "no unused items came up in 22 draws of 1; 4 are used" in failures[0]


def test_unique_without_enough_items_is_refused_when_read(with_call: Write) -> None:
    text = with_call(call('[["x", "y"]]', ", params = { unique = true }"), 3)

    assert problem(text) == (
        "line 5: blocks[0].config.p: 3 different items are needed, and the population has"
        " 2; enlarge it or draw less"
    )


def test_groups_are_checked_for_each_row_of_a_table(with_call: Write) -> None:
    unique = call('[["x", "y"]]', ", params = { unique = true }")

    enough = with_call(unique, order='{ 1 = ["a"], 2 = ["a"] }')
    too_few = with_call(unique, order='{ 1 = ["a"], 2 = ["a", "a", "a"] }')

    assert len(Study.read(enough).expand(2)) == 1
    assert "3 different items are needed" in problem(too_few)


def test_calls_with_one_id_draw_as_the_first_of_them_does() -> None:
    study = Study.read("""
        [configuration]
        order = { 1 = ["int", "float"], 2 = ["float", "int"] }
        [[blocks]]
        name = "int"
        config.p = { function_name = "choices", args = [[1]], id = "one" }
        [[blocks]]
        name = "float"
        config.p = { function_name = "choices", args = [[1.0]], id = "one" }
    """)

    kinds = [
        [type(item) for config in study.configs(at) for item in _items(config["p"])]
        for at in (1, 2)
    ]

    assert kinds == [[int, int], [float, float]]


def _items(value: Json) -> list[Json]:
    assert isinstance(value, list)
    return value


CONFLICT = """
[configuration]
order = {order}
init_blocks = {init}
[[blocks]]
name = "a"
config.p = {{ function_name = "choices", args = [[1]], id = "one" }}
[[blocks]]
name = "b"
config.p = {{ function_name = "choices", args = [[1]], params = {{}}, id = "one" }}
"""


def test_calls_with_one_id_have_to_agree() -> None:
    text = CONFLICT.format(order='["a", "b"]', init="[]")

    assert problem(text) == (
        "line 10: blocks[1].config.p: has the id 'one' of blocks[0].config.p and other"
        " params; give both the same, or another id to one of them"
    )


def test_calls_that_never_meet_need_not_agree() -> None:
    text = CONFLICT.format(order='{ 1 = ["a"], 2 = ["b"] }', init="[]")

    assert [len(Study.read(text).expand(at)) for at in (1, 2)] == [1, 1]


def test_calls_that_meet_late_fail_for_that_participant() -> None:
    rest = ", ".join(f"{at} = []" for at in range(2, 12))
    order = f"{{ 1 = ['a'], {rest}, 12 = [], 13 = [] }}"
    init = f"{{ 1 = [], {rest}, 12 = ['b'] }}"
    study = Study.read(CONFLICT.format(order=order, init=init), "late.toml")

    assert [block["name"] for block in study.expand(1)] == ["a"]
    with pytest.raises(StudyError, match=r"line 7: .* participant 144: has the id"):
        study.expand(144)


def test_items_that_are_arrays_belong_to_the_caller(with_call: Write) -> None:
    study = Study.read(with_call(call("{ population = [[1, 2]], k = 2 }")))

    first = study.configs(1)[0]["p"]
    _items(_items(first)[0]).append(3)

    assert first == [[1, 2, 3], [1, 2]]
    assert study.configs(1)[0]["p"] == [[1, 2], [1, 2]]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (
            '{ function_name = "choice", args = [[1]] }',
            f"p.function_name: no function 'choice'; did you mean 'choices'? known:"
            f" {KNOWN}",
        ),
        (
            "{ function_name = 3, args = [[1]] }",
            f"p.function_name: no function 3; known: {KNOWN}",
        ),
        (
            '{ id = "x", args = [[1]] }',
            "p: has no 'function_name', and a table of only 'id' and 'args' is a function"
            " call; a third kind of key would make it plain data",
        ),
        (call("3"), "p.args: has to be an array or a table, not an integer"),
        (call("[[1]]", ", id = [1]"), "p.id: has to be a plain value, not an array"),
        (call("[[1]]", ", params = 1"), "p.params: has to be a table, not an integer"),
        (
            call("[[1]]", ", params = { uniqe = true }"),
            "p.params.uniqe: no parameter 'uniqe'; did you mean 'unique'? known: unique",
        ),
        (call("[]"), "p.args: has no population to choose from"),
        (
            call("[[1], [1], 2]"),
            "p.args: has 3 elements; an array is population and weights, and a table takes"
            " 'cum_weights', 'k' as well",
        ),
        (
            call("{ population = [1], weight = [1] }"),
            "p.args.weight: no argument 'weight'; did you mean 'weights'? known:"
            " cum_weights, k, population, weights",
        ),
        (call("[3]"), "p.args[0]: has to be an array, not an integer"),
        (call("[[]]"), "p.args[0]: is empty: there is nothing to choose from"),
        (
            call("{ population = [1], k = 2.0 }"),
            "p.args.k: has to be an integer, not a float (2.0)",
        ),
        (
            call("{ population = [1], k = 1000001 }"),
            "p.args.k: is 1000001; at most 1000000 are drawn at once",
        ),
        (
            call("{ population = [1], weights = [1], cum_weights = [1] }"),
            "p.args.cum_weights: is there beside weights; one of them is enough",
        ),
        (
            call("[[1, 2], [1]]"),
            "p.args[1]: has 1 weights for a population of 2; one for each",
        ),
        (call("[[1], 1]"), "p.args[1]: has to be an array, not an integer"),
        (call('[[1], ["1"]]'), "p.args[1]: has to be an array of numbers"),
        (
            call("[[1, 2], [1, -1]]"),
            "p.args[1]: comes to 0 in total; that has to be finite and above 0",
        ),
        (
            call(f"[[1, 2], [1{'0' * 400}, 0.5]]"),
            "p.args[1]: comes to inf in total; that has to be finite and above 0",
        ),
        (
            call("[[[1], [2]]]", ", params = { unique = true }"),
            "p.args[0]: has arrays or tables in it, which 'unique' cannot tell apart",
        ),
        (
            call("[[1979-05-27]]"),
            "p.args[0][0]: is a date or time, which JSON has not; write it as a text",
        ),
    ],
)
def test_a_call_that_cannot_be_made_is_refused(
    with_call: Write, written: str, expected: str
) -> None:
    assert problem(with_call(written)) == f"line 5: blocks[0].config.{expected}"


def test_a_text_for_unique_counts_as_true_with_a_warning(with_call: Write) -> None:
    text = with_call(call("[[1]]", ', params = { unique = "false" }'))

    assert [str(warning) for warning in Study.read(text).warnings] == [
        "line 5: blocks[0].config.p.params.unique: 'false' counts as True; write true or"
        " false"
    ]
