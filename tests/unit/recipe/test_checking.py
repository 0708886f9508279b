"""What is wrong with a recipe: every case, all at once, and quickly."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from recado.errors import Problem, RecipeError
from recado.recipe import Recipe, apply_parameters, check, merge, read_recipe, values

TWO: dict[Any, Any] = {
    "start": [[1, 0]],
    "1": {"queue": "one", "output": 2},
    "2": {"queue": "two"},
}


def paths(document: object) -> list[str]:
    return [problem.path for problem in check(document).errors]


FINE: list[dict[str, Any]] = [
    {"start": [[1, 0], [1, {"again": True}]]},
    {"start": [(1, 0)]},
    {"error": []},
    {"error": [2]},
    {"error": [1, 2]},
    {"error": 1},
    {"1": {"queue": "one", "output": [2, 2]}},
    {"1": {"queue": "one", "output": [2], "error": 2}},
    {"1": {"queue": "one", "output": {"a": 2, "b": [2], "c": {"d": 2}, "e": None}}},
    {"1": {"queue": "one", "output": []}, "error": [2]},
    {"1": {"queue": "one", "output": None}, "error": [2]},
    {"1": {"queue": "one", "output": None, "error": {"a": [2]}}},
    {"1": {"topic": "one", "output": 2}},
    {"1": {"queue": "{one}", "output": 2, "transport-delay": "{delay}"}},
    {"1": {"queue": "one", "output": 2, "transport-delay": 0.5, "colour": [1]}},
]


@pytest.mark.parametrize("change", FINE)
def test_these_recipes_are_fine(change: dict[str, Any]) -> None:
    assert check(TWO | change).errors == ()


def test_a_diamond_is_no_cycle() -> None:
    diamond = {
        "start": [[1, 0]],
        "1": {"queue": "a", "output": [2, 3]},
        "2": {"queue": "b", "output": 4},
        "3": {"queue": "c", "output": 4},
        "4": {"queue": "d"},
    }

    assert check(diamond) == check(Recipe.read(diamond)) == check(json.dumps(diamond))
    assert check(diamond).errors == check(diamond).warnings == ()


@pytest.mark.parametrize("document", [None, {}, [], "[]", "{}", "null", '""', b"0"])
def test_without_content_there_is_no_recipe(document: object) -> None:
    with pytest.raises(RecipeError, match="no recipe defined"):
        Recipe.read(document)


@pytest.mark.parametrize("text", ["[1]", '"abc"', "5", "true"])
def test_a_recipe_is_an_object(text: str) -> None:
    with pytest.raises(RecipeError, match="a recipe is an object"):
        read_recipe(text)


CYCLE = {"start": [[1, 0]], "1": {"queue": "a", "output": 2}}


WRONG: list[tuple[dict[Any, Any], str, str]] = [
    ({"start": []}, "start", "not empty"),
    ({"start": None}, "start", "needs 'start'"),
    ({"start": 1}, "start", "not 1"),
    ({"start": "1"}, "start", "not '1'"),
    ({"start": {"1": []}}, "start", "not an object"),
    ({"start": [[1]]}, "start[0]", "not 1 values"),
    ({"start": [[1, 2, 3]]}, "start[0]", "not 3 values"),
    ({"start": [[1, 0], "asdf"]}, "start[1]", "not 'asdf'"),
    ({"start": [["1", 0]]}, "start[0][0]", "write the number 1"),
    ({"start": [[True, 0]]}, "start[0][0]", "invalid link true"),
    ({"start": [["start", 0]]}, "start[0]", "points to itself"),
    ({"start": [[1, 0], [9, 0]]}, "start[1][0]", "no step 9 (steps: 1, 2)"),
    ({"error": "x"}, "error", "list of step ids, not 'x'"),
    ({"error": None}, "error", "'error' is a list of step ids, not null"),
    ({"error": {"a": 1}}, "error", "not an object"),
    ({"error": True}, "error", "not true"),
    ({"error": ["start"]}, "error[0]", "'error' cannot point to 'start'"),
    ({"error": [1, "error"]}, "error[1]", "'error' cannot point to 'error'"),
    ({"error": [2, 99]}, "error[1]", "no step 99"),
    ({"error": 99}, "error", "no step 99"),
    ({"error": [[1]]}, "error[0]", "invalid link a list"),
    ({"banana": {"queue": "a"}}, "banana", "'banana' is neither"),
    ({"strat": []}, "strat", "did you mean 'start'?"),
    ({"1.5": {"queue": "a"}}, "['1.5']", "'1.5' is neither"),
    ({"3": None}, "3", "a step is an object, not null"),
    ({"3": []}, "3", "a step is an object, not a list"),
    ({"02": {"queue": "b"}}, "02", "step 2 is there twice"),
    ({2: {"queue": "b"}}, "2", "is there twice"),
    ({"3": {"queue": "c"}}, "3", "unreferenced"),
    ({True: {"queue": "c"}}, "", "a key is text, not bool"),
]


@pytest.mark.parametrize(("change", "path", "text"), WRONG)
def test_what_is_wrong_with_a_recipe_is_named_with_its_path(
    change: dict[Any, Any], path: str, text: str
) -> None:
    findings = check(TWO | change)

    assert [x for x in findings.errors if x.path == path and text in x.text]


@pytest.mark.parametrize(
    ("output", "path", "text"),
    [
        ("2", "1.output", "invalid link '2': write the number 2"),
        ("asdf", "1.output", "invalid link 'asdf'"),
        (2.0, "1.output", "invalid link 2.0"),
        (True, "1.output", "invalid link true"),
        ({"x": "2"}, "1.output.x", "write the number 2"),
        ({"x": {"y": [2, False]}}, "1.output.x.y[1]", "invalid link false"),
        ({"a b": [{"y": 2}]}, "1.output['a b'][0]", "invalid link an object"),
        ([2, "b"], "1.output[1]", "invalid link 'b'"),
        ([2, [2]], "1.output[1]", "invalid link a list"),
        ([2, None], "1.output[1]", "invalid link null"),
        (99, "1.output", "no step 99"),
        ([2, 99], "1.output[1]", "no step 99"),
        ({"ok": 2, "errors": [2, 99]}, "1.output.errors[1]", "no step 99"),
        ({"x": {"y": 99}}, "1.output.x.y", "no step 99"),
        (1, "1.output", "closes the cycle 1 -> 1"),
        ({"x": [2, 1]}, "1.output.x[1]", "cycle 1 -> 1"),
    ],
)
@pytest.mark.parametrize("key", ["output", "error"])
def test_what_is_wrong_with_a_link_is_named_with_its_path(
    output: Any, path: str, text: str, key: str
) -> None:
    findings = check(TWO | {"error": [2], "1": {"queue": "one", key: output}})

    assert [problem.path for problem in findings.errors] == [
        path.replace("output", key)
    ]
    assert text in findings.errors[0].text


@pytest.mark.parametrize("back", [{"output": 1}, {"output": [3, 1]}, {"error": 1}])
def test_a_cycle_through_an_output_or_an_error_is_found(back: dict[str, Any]) -> None:
    recipe = CYCLE | {"2": {"queue": "b"} | back, "3": {"queue": "c"}, "error": [3]}

    assert "closes the cycle 1 -> 2 -> 1" in str(check(recipe).errors)


def test_every_cycle_is_found_even_apart_from_the_start() -> None:
    recipe = TWO | {
        "2": {"queue": "b", "output": [2, 1]},
        "5": {"queue": "c", "output": 6},
        "6": {"queue": "d", "output": 5},
    }

    found = ["2.output[0]", "2.output[1]", "6.output", "5", "6"]
    assert paths(recipe) == found


def test_a_long_cycle_is_shown_in_short() -> None:
    ring: dict[str, Any] = {
        str(n): {"queue": "q", "output": n % 100 + 1} for n in range(1, 101)
    }

    findings = check(ring | {"start": [[1, 0]]})

    cycle = "1 -> 2 -> 3 -> 4 -> … -> 97 -> 98 -> 99 -> 100 -> 1"
    assert findings.errors == (Problem("100.output", f"closes the cycle {cycle}"),)


@pytest.mark.parametrize("length", [1, 2, 4, 5, 7, 8])
def test_a_short_cycle_is_shown_as_a_whole(length: int) -> None:
    ring: dict[str, Any] = {
        str(n): {"queue": "q", "output": n % length + 1} for n in range(1, length + 1)
    }

    findings = check(ring | {"start": [[1, 0]]})

    cycle = " -> ".join(map(str, [*range(1, length + 1), 1]))
    assert [x.text for x in findings.errors] == [f"closes the cycle {cycle}"]


@pytest.mark.parametrize(
    "fields", [{}, {"queue": ""}, {"topic": None}, {"exchange": "x"}]
)
def test_a_step_that_gets_messages_has_a_queue_or_a_topic(
    fields: dict[str, Any],
) -> None:
    findings = check(TWO | {"2": fields})

    assert Problem("2", "no queue and no topic: what is sent to this step is lost") in (
        findings.errors
    )


def test_a_step_that_gets_no_messages_needs_no_queue() -> None:
    aside: dict[str, Any] = {"3": {}, "error": [3]}

    findings = check(TWO | aside)

    assert findings.errors == ()
    assert [warning.path for warning in findings.warnings] == ["3"]


@pytest.mark.parametrize("key", ["queue", "topic", "exchange"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "is named by a text, not 5"),
        ([], "not a list"),
        ("", "not empty"),
        ("ü" * 128, "at most 255 bytes"),
    ],
)
def test_a_route_is_a_name(key: str, value: object, text: str) -> None:
    step = {"queue": "q", key: value}

    problems = check(TWO | {"2": step}).errors

    assert [x for x in problems if x.path == f"2.{key}" and text in x.text]


@pytest.mark.parametrize(
    "delay", [-1, "soon", True, 1e9, "-1", "1e3", "٣", float("1e300"), [], "9" * 5000]
)
def test_a_delay_is_a_time_that_can_be_waited(delay: object) -> None:
    step = {"queue": "q", "transport-delay": delay}

    assert paths(TWO | {"2": step}) == ["2.transport-delay"]


def test_all_problems_are_reported_at_once() -> None:
    recipe = {
        "1": {"queue": 5, "output": {"errors": [2, 9]}, "transport-delay": -1},
        "2": {"output": [1, "x"]},
        "name": "study",
        "start": [[1, 0], [3]],
    }

    with pytest.raises(RecipeError, match=r"^recipe study\.json: ") as caught:
        Recipe.read(recipe, "study.json")

    assert {problem.path for problem in caught.value.problems} == {
        "name",
        "start[1]",
        "1.output.errors[1]",
        "2.output[1]",
        "2.output[0]",
        "1.queue",
        "1.transport-delay",
        "2",
    }


def test_an_error_names_a_hundred_problems_and_counts_the_others() -> None:
    steps: dict[str, Any] = {str(n): None for n in range(1, 1001)}

    with pytest.raises(RecipeError, match="and 901 more problems") as caught:
        Recipe.read(steps | {"start": [[1, 0]]})

    assert len(caught.value.problems) == 101


@pytest.mark.parametrize(
    ("step", "path", "text"),
    [
        ({"queue": "q", "topic": "t"}, "2", "both a queue and a topic"),
        ({"queue": "q", "ouput": 1}, "2.ouput", "did you mean 'output'?"),
        ({"queue": "q", "Output": 1}, "2.Output", "did you mean 'output'?"),
        (
            {"queue": "q", "transport_delay": 1},
            "2.transport_delay",
            "did you mean 'transport-delay'?",
        ),
        ({"queue": "q", "parameters": [1]}, "2.parameters", "expect an object"),
        ({"queue": "q", "text": ["a{"]}, "2.text[0]", "cannot take parameters"),
        ({"queue": "q", "a}": 1}, "2", "a single '}'"),
        ({"queue": "q", "t": "{$REPLACE:a.b}"}, "2.t", "attribute"),
        (
            {"queue": "q", "output": {"x": {"y": 3}}},
            "2.output.x",
            "channels inside a channel",
        ),
    ],
)
def test_what_looks_wrong_is_a_warning_and_the_recipe_is_read(
    step: dict[str, Any], path: str, text: str
) -> None:
    recipe = TWO | {"2": step, "3": {"queue": "three"}, "error": [3]}

    findings = check(recipe)

    assert [x.path for x in findings.warnings] == [path]
    assert text in findings.warnings[0].text
    assert Recipe.read(recipe) == recipe


@pytest.mark.parametrize("key", ["comment", "job_parameters", "mimetypes", "nothing"])
def test_a_key_that_resembles_none_is_carried_along_in_silence(key: str) -> None:
    recipe = TWO | {"2": {"queue": "q", key: {"a": 1}}}

    assert check(recipe).warnings == ()
    assert Recipe.read(recipe).step(2).extra == {key: {"a": 1}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "not JSON: Expecting property name"),
        (b"\xff\xfe", "not JSON: 'utf-8' codec"),
        pytest.param("[" * 100_000, "not JSON: ", id="deep"),
        ('{"1": NaN}', "NaN is no JSON number"),
        ('{"1": -Infinity}', "-Infinity is no JSON number"),
        pytest.param('{"1": ' + "9" * 5000 + "}", "not JSON: ", id="large"),
        ('{"1": {"queue": "a", "queue": "b"}}', "key 'queue' is there twice"),
        ('{"1": {"a": 1e999}}', "1.a: inf has no JSON form"),
        ('{"1": {"a": "\\ud800"}}', "1.a: holds half of a surrogate pair"),
    ],
)
def test_what_is_not_json_is_a_recipe_error(text: str | bytes, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        read_recipe(text, "a.json")

    assert str(caught.value).startswith("recipe a.json: ")
    assert message in str(caught.value)
    assert check(text).errors == caught.value.problems


@pytest.mark.parametrize("character", ["[", b" "], ids=["text", "bytes"])
def test_a_text_that_is_too_large_is_not_even_parsed(character: str | bytes) -> None:
    with pytest.raises(RecipeError, match="larger than 10485760 characters"):
        read_recipe(character * (10 * 2**20 + 1))


def test_a_recipe_may_begin_with_a_byte_order_mark() -> None:
    assert read_recipe(b"\xef\xbb\xbf" + json.dumps(TWO).encode()) == TWO


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def test_nesting_is_bounded() -> None:
    deepest: dict[str, Any] = {"2": {"queue": "q", "parameters": {"a": nested(97)}}}

    assert check(TWO | deepest).errors == ()
    deepest["2"]["parameters"]["a"] = nested(98)
    assert "nested more than 100 levels deep" in str(check(TWO | deepest).errors)
    deepest["2"]["parameters"]["a"] = nested(100_000)
    assert "nested more than 100 levels deep" in str(check(TWO | deepest).errors)


def test_a_value_that_holds_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(values, "MAX_SIZE", 10_000)
    ring: list[Any] = []
    ring.append(ring)
    bush: list[Any] = []
    bush.extend([bush, bush])

    assert "nested more than" in str(check(TWO | {"2": {"a": ring}}).errors)
    assert "larger than" in str(check(TWO | {"2": {"a": bush}}).errors)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({1, 2}, "set has no JSON form"),
        (b"x", "bytes has no JSON form"),
        (float("inf"), "inf has no JSON form"),
        pytest.param(1 << 5000, "a number of more than 4096 bits", id="large"),
        ({1: 2}, "a key is text, not int"),
        pytest.param("x" * (10 * 2**20), "larger than 10485760", id="long"),
    ],
)
def test_what_json_cannot_hold_is_refused(value: object, text: str) -> None:
    assert text in str(check(TWO | {"2": {"queue": "q", "a": value}}).errors)


def steps_visited(run: Callable[[], object]) -> int:
    """Count the function calls that something makes; a clock would measure the machine."""
    count = 0

    def note(*_: object) -> None:
        nonlocal count
        count += 1

    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(None)
    return count


def chain(length: int) -> dict[str, Any]:
    steps: dict[str, Any] = {
        str(n): {"queue": "q", "output": n + 1} for n in range(1, length)
    }
    return steps | {str(length): {"queue": "q"}, "start": [[1, 0]]}


def layers(count: int) -> dict[str, Any]:
    recipe: dict[str, Any] = {"start": [[1, 0], [2, 0]]}
    for n in range(1, 2 * count + 1, 2):
        below = {"output": [n + 2, n + 3]} if n < 2 * count - 1 else {}
        recipe |= {str(n): {"queue": "q"} | below, str(n + 1): {"queue": "q"} | below}
    return recipe


def read(document: dict[str, Any]) -> object:
    return Recipe.read(document)


def fill(document: dict[str, Any]) -> object:
    return apply_parameters(Recipe.trusted(document), {"x": 1})


def merge_twice(document: dict[str, Any]) -> object:
    return merge(document, document)


@pytest.mark.parametrize("work", [read, check, fill, merge_twice])
@pytest.mark.parametrize("shape", [chain, layers])
def test_four_times_as_large_a_recipe_takes_four_times_as_long(
    shape: Callable[[int], dict[str, Any]], work: Callable[[dict[str, Any]], object]
) -> None:
    once = steps_visited(lambda: work(shape(40)))
    four_times = steps_visited(lambda: work(shape(160)))

    assert four_times < 4.4 * once


def test_a_chain_of_thousands_of_steps_is_fine() -> None:
    assert len(Recipe.read(chain(5000)).steps) == 5000
