"""The functions that experiment-server has not: what they draw, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from typing import Any

import pytest

from recado_experiment import (
    Call,
    Findings,
    Prepared,
    Study,
    StudyError,
    functions,
)
from tests.unit.experiment.refusing import problem

Write = Callable[..., str]


def call(name: str, args: str, more: str = "") -> str:
    return f'{{ function_name = "{name}", args = {args}{more} }}'


def drawn(text: str, participants: int = 1) -> list[Any]:
    study = Study.read(text)
    assert study.warnings == ()
    return [
        config["p"] for at in range(1, participants + 1) for config in study.configs(at)
    ]


def test_unique_samples_share_a_population_to_its_last_item(with_call: Write) -> None:
    once = ", params = { unique = true }"
    text = with_call(call("sample", "[[1, 2, 3, 4, 5, 6], 2]", once), 3)
    found = drawn(text, 50)
    for at in range(0, len(found), 3):
        parts = found[at : at + 3]
        assert sorted(item for part in parts for item in part) == [1, 2, 3, 4, 5, 6]


def test_unique_samples_that_want_more_than_there_is_are_refused(
    with_call: Write,
) -> None:
    once = ", params = { unique = true }"
    text = with_call(call("sample", "[[1, 2, 3], 2]", once), 2)
    assert "4 different items are needed, and the population has 3" in problem(text)


def test_samples_that_nobody_looked_at_beforehand_run_out_for_one_participant() -> None:
    rows = "".join(f'{at} = ["a"]\n' for at in range(1, 150)) + '150 = ["a", "a"]\n'
    once = ", params = { unique = true }"
    study = Study.read(
        f'[[blocks]]\nname = "a"\nconfig.p = {call("sample", "[[1, 2, 3], 2]", once)}\n'
        f"[configuration.order]\n{rows}"
    )

    assert len(study.configs(149)) == 1
    with pytest.raises(StudyError) as caught:
        study.configs(150)

    assert "participant 150: 2 items are asked for, and 1 of 3 are left" in str(
        caught.value
    )


def test_a_sequence_gives_the_next_item_at_each_call(with_call: Write) -> None:
    assert drawn(with_call(call("sequence", "[[1, 2, 3]]"), 5)) == [1, 2, 3, 1, 2]


def test_a_sequence_that_turns_gives_each_call_each_item_equally_often(
    with_call: Write,
) -> None:
    text = with_call(
        call("sequence", '{ items = ["x", "y", "z"], start = "participant" }'), 3
    )
    study = Study.read(text)
    rows = [[config["p"] for config in study.configs(at)] for at in range(1, 7)]
    assert rows[:3] == [["x", "y", "z"], ["y", "z", "x"], ["z", "x", "y"]]
    assert rows[:3] == rows[3:]


def test_sequences_of_two_ids_do_not_know_of_each_other() -> None:
    one, two = (call("sequence", "[[1, 2]]", f', id = "{name}"') for name in "ab")
    text = f"""
[configuration]
order = ["x", "x"]
[[blocks]]
name = "x"
config = {{ p = {one}, q = {two} }}
"""
    configs = Study.read(text).configs(1)
    assert [(each["p"], each["q"]) for each in configs] == [(1, 1), (2, 2)]


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("uniform", "{ k = 3 }"),
        ("normal", "{ k = 3 }"),
        ("randint", "{ low = 1, high = 9, k = 3 }"),
    ],
)
def test_k_numbers_are_a_list(with_call: Write, name: str, args: str) -> None:
    (found,) = drawn(with_call(call(name, args)))
    assert len(found) == 3


def test_digits_round(with_call: Write) -> None:
    found = drawn(with_call(call("uniform", "{ digits = 1 }")), 200)
    assert {round(each * 10) / 10 for each in found} == set(found)


def test_integers_beyond_64_bits_are_drawn(with_call: Write) -> None:
    (found,) = drawn(with_call(call("randint", "[0, 9223372036854775807]")))
    assert 0 <= found < 2**63


def test_a_participant_gets_the_same_again(with_call: Write) -> None:
    for name, args in [("sample", "[[1,2,3], 2]"), ("shuffle", "[[1,2,3]]"), ("normal", "[]"),
                       ("uniform", "[]"), ("randint", "[1, 9]")]:  # fmt: skip
        text = with_call(call(name, args), 4)
        assert drawn(text, 20) == drawn(text, 20)


@pytest.mark.parametrize(
    ("name", "args", "text"),
    [
        ("sample", "[[1, 2], 3]", "asks for 3 of 2 items"),
        ("sample", "{ population = [1], k = -1 }", "p.args.k: is -1; it has to be at least 0"),
        ("sample", "{ k = 1 }", "has no 'population', which is an array"),
        ("sample", "[[]]", "p.args[0]: is empty"),
        ("sample", '["abc"]', "has to be an array, not a text"),
        ("sample", "[[1], 1, 1]", "an array is population and k"),
        ("sample", "{ populaton = [1] }", "did you mean 'population'"),
        ("shuffle", "[[1], [2]]", "has 2 elements; an array is items"),
        ("sequence", '{ items = [1], start = "partcipant" }', "did you mean 'participant'"),
        ("uniform", "[2, 1]", "goes from 2 to 1; 'low' cannot be above 'high'"),
        ("uniform", "[nan, 1]", "has to be a finite number, not nan"),
        ("uniform", "{ low = -1e308, high = 1e308 }", "which is too far"),
        ("uniform", '{ low = "1" }', "has to be a number, not a text"),
        ("uniform", "{ low = true }", "has to be a number, not a boolean"),
        ("uniform", "{ digits = 99 }", "p.args.digits: is 99"),
        ("uniform", "{ k = 1000001 }", "it has to be at most 1000000"),
        ("normal", "[0, 0]", "has the sd 0; it has to be above 0"),
        ("normal", "{ low = 50, high = 51 }", "leaves next to nothing"),
        ("randint", "[1.5, 2]", "has to be an integer, not a float"),
        ("randint", "[1]", "has no 'high', which is an integer"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_be_made_is_refused(
    with_call: Write, name: str, args: str, text: str
) -> None:
    with pytest.raises(StudyError) as caught:
        Study.read(with_call(call(name, args)))
    assert text in str(caught.value)


@pytest.mark.parametrize(
    "name", ["shuffle", "sequence", "uniform", "normal", "randint"]
)
def test_params_are_refused_where_there_are_none(with_call: Write, name: str) -> None:
    args = "[1, 2]" if name == "randint" else "[[1, 2]]" if name[0] == "s" else "[]"
    text = with_call(call(name, args, ", params = { unique = true }"))
    assert "no parameter 'unique'; none are known" in problem(text)


def tails(call: Call, findings: Findings) -> Prepared | None:
    """Stand for a function of somebody else's package."""
    return Prepared(lambda stream: "tails")


def plug_in(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    point = metadata.EntryPoint("coin", value, "recado.functions")

    def points(*, group: str) -> metadata.EntryPoints:
        return metadata.EntryPoints([point]).select(group=group)

    monkeypatch.setattr(metadata, "entry_points", points)


def test_a_plug_in_is_loaded_when_a_study_calls_it(
    with_call: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    plug_in(monkeypatch, "tests.unit.experiment.calls.test_functions:tails")
    try:
        assert drawn(with_call(call("coin", "[]"))) == ["tails"]
    finally:
        functions.unregister("coin")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("nowhere.at_all:f", "ModuleNotFoundError: No module named 'nowhere'"),
        ("tests.unit.experiment.calls.test_functions:nothing", "AttributeError"),
        ("tests.unit.experiment.calls.test_functions:__doc__", "is no function, but"),
    ],
)
def test_a_plug_in_that_cannot_be_used_says_why(
    with_call: Write, monkeypatch: pytest.MonkeyPatch, value: str, text: str
) -> None:
    plug_in(monkeypatch, value)
    found = problem(with_call(call("coin", "[]")))
    assert f"cannot be used: function 'coin' ({value})" in found
    assert text in found
