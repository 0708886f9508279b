"""Variables and calls inside arrays, where a study asks for them."""

from __future__ import annotations

from typing import Any

import pytest

from recado_experiment import Study, StudyError

TEXT = """
[configuration]
order = ["a", "a"]
expand_arrays = true
[configuration.variables]
SIDES = ["left", "right"]
DEEP = { x = 1 }
[[blocks]]
name = "a"
[blocks.config]
value = VALUE
"""
CALL = '{ function_name = "sequence", args = ["$SIDES"] }'


def values(value: str, text: str = TEXT) -> list[Any]:
    return [
        config["value"]
        for config in Study.read(text.replace("VALUE", value)).configs(1)
    ]


@pytest.mark.parametrize(
    ("value", "given"),
    [
        ('[1, "$SIDES", ["$DEEP"]]', [1, ["left", "right"], [{"x": 1}]]),
        ('[{ inner = ["$SIDES"] }]', [{"inner": [["left", "right"]]}]),
        ("[]", []),
        ('["a $SIDES"]', ["a $SIDES"]),
    ],
)
def test_variables_are_filled_into_arrays_at_any_depth(
    value: str, given: list[Any]
) -> None:
    assert values(value) == [given, given]


def test_calls_in_arrays_are_made_in_their_order() -> None:
    assert values(f"[{CALL}, 7, [{CALL}]]") == [["left", 7, ["right"]]] * 2
    assert values(f"[{CALL}, {CALL}, {CALL}]") == [
        ["left", "right", "left"],
        ["right", "left", "right"],
    ]


def test_a_call_takes_an_array_that_is_a_variable() -> None:
    assert set(values('{ function_name = "choices", args = ["$SIDES"] }')[0]) <= {
        "left",
        "right",
    }


def test_what_is_returned_belongs_to_the_caller() -> None:
    study = Study.read(TEXT.replace("VALUE", '["$SIDES", { x = [1] }]'))
    first: Any = study.configs(1)
    first[0]["value"][0].append("changed")
    first[0]["value"][1]["x"].append("changed")
    assert study.configs(1)[1]["value"] == [["left", "right"], {"x": [1]}]
    assert first[1]["value"] == [["left", "right"], {"x": [1]}]


def test_without_being_asked_arrays_stay_as_they_are() -> None:
    for line in ("", "expand_arrays = false\n"):
        text = TEXT.replace("expand_arrays = true\n", line)
        assert values('["$SIDES"]', text) == [["$SIDES"], ["$SIDES"]]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (
            '["$SIDE"]',
            "blocks[0].config.value[0]: no variable '$SIDE'; did you mean '$SIDES'",
        ),
        (
            '[1, { function_name = "choice", args = [[1]] }]',
            "value[1].function_name",
        ),
        ("[[1979-05-27]]", "value[0][0]: is a date or time"),
    ],
)
def test_what_is_wrong_in_an_array_is_told_with_its_place(
    value: str, text: str
) -> None:
    with pytest.raises(StudyError) as caught:
        values(value)
    assert text in str(caught.value)


def test_the_switch_is_true_or_false() -> None:
    with pytest.raises(
        StudyError, match="expand_arrays: has to be true or false, not an integer"
    ):
        values("1", TEXT.replace("= true", "= 1"))
