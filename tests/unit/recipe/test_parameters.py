"""Parameters: each template's outcome, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from recado.errors import RecipeError
from recado.recipe import Recipe, apply_parameters
from recado.recipe import parameters as filling


def recipe_with(text: Any, **step: Any) -> Recipe:
    fields = {"queue": "q", "parameters": {"text": text}} | step
    return Recipe.read({"1": fields, "start": [[1, 0]]})


def applied(text: Any, /, **parameters: object) -> Any:
    recipe = apply_parameters(recipe_with(text), parameters)
    return recipe.step(1).parameters["text"]


@pytest.mark.parametrize(
    ("text", "parameters", "result"),
    [
        ("{x}", {"x": 3}, "3"),
        ("a{x}b{x}", {"x": 3}, "a3b3"),
        ("{x:05d}", {"x": 3}, "00003"),
        ("{x:>5}|{x:.2f}|{x:,}", {"x": 1234.5}, "1234.5|1234.50|1,234.5"),
        ("{x:*^{width}}", {"x": "a", "width": 5}, "**a**"),
        ("{x:{width}}", {"x": "a"}, "{x:{width}}"),
        ("{x!r}", {"x": "a"}, "'a'"),
        ("{x!s:>3}", {"x": [1]}, "[1]"),
        ("{x[y]}", {"x": {"y": 1}}, "1"),
        ("{x[y][1]}", {"x": {"y": ["a", "b"]}}, "b"),
        ("{x[1]}", {"x": {"1": "one"}}, "one"),
        ("{x[0]}", {"x": "abc"}, "a"),
        ("{x}", {"x": None}, "None"),
        ("{x}", {"x": True}, "True"),
        ("{x}", {"x": {"a": [1]}}, "{'a': [1]}"),
        ("{{lit}}", {"lit": 1}, "{lit}"),
        ("{{{x}}}", {"x": 1}, "{1}"),
        ("{a}", {"a": "{b}", "b": 1}, "{b}"),
        ("{q}", {}, "{q}"),
        ("{q[a][b]}", {}, "{q[a][b]}"),
        ("{q:>5}", {}, "{q:>5}"),
        ("{q!r:}", {}, "{q!r:}"),
        ("{first} {second}", {"second": "x"}, "{first} x"),
        ("{ x }", {"x": 1}, "{ x }"),
        ('{"a": 1}', {}, '{"a": 1}'),
        ("{a-b}", {"a-b": 1}, "1"),
        ("no template", {}, "no template"),
        ("", {}, ""),
        (5, {}, 5),
        (True, {}, True),
        (None, {}, None),
        ([1, "{x}", ["{x}"]], {"x": 2}, [1, "2", ["2"]]),
        ({"a{x}": {"{x}": "{x}"}}, {"x": 2}, {"a2": {"2": "2"}}),
    ],
)
def test_a_template_becomes_text(text: Any, parameters: Any, result: Any) -> None:
    assert applied(text, **parameters) == result


@pytest.mark.parametrize(
    ("text", "parameters", "result"),
    [
        ("{$REPLACE:x}", {"x": [1, {"a": 2}]}, [1, {"a": 2}]),
        ("{$REPLACE:x}", {"x": {"a": 2}}, {"a": 2}),
        ("{$REPLACE:x}", {"x": 5}, 5),
        ("{$REPLACE:x}", {"x": "{y}", "y": 1}, "{y}"),
        ("{$REPLACE:n[k]}", {"n": {"k": [1]}}, [1]),
        ("{$REPLACE:n[k][0]}", {"n": {"k": [1]}}, 1),
        ("{$REPLACE:nope}", {}, None),
        ("{$REPLACE:n[nope]}", {"n": {}}, None),
        ("{$REPLACE:n[nope][a]}", {"n": {}}, None),
        ("{{$REPLACE:x}}", {"x": 1}, "{$REPLACE:x}"),
        (["{$REPLACE:x}"], {"x": [1]}, [[1]]),
        ({"{$REPLACE:x}": 1}, {"x": "a"}, {"a": 1}),
    ],
)
def test_a_replacement_keeps_its_type(text: Any, parameters: Any, result: Any) -> None:
    assert applied(text, **parameters) == result


@pytest.mark.parametrize(
    ("text", "parameters", "message"),
    [
        ("{", {}, "a single '{'; write '{{' for the character"),
        ("}", {}, "a single '}'"),
        ("{x", {"x": 1}, "a single '{'"),
        ("{x}}", {"x": 1}, "a single '}'"),
        ("{}", {}, "'{}' has no name"),
        ("{0}", {}, "'{0}' has no name"),
        ("{[a]}", {}, "has no name"),
        ("{:5}", {}, "has no name"),
        ("{a{b}}", {}, "'{a{b}}' is no template"),
        ("{x!z}", {"x": 1}, "'{x!z}' is no template"),
        ("{x[]}", {"x": 1}, "'{x[]}' is no template"),
        ("{x.y}", {"x": 3}, "asks for an attribute, which no template reaches"),
        ("{q.a}", {}, "asks for an attribute"),
        ("{x[a].__class__}", {"x": {"a": 1}}, "asks for an attribute"),
        ("{x[z]}", {"x": {"y": 1}}, "'x' has no 'z'; known: y"),
        ("{x[image]}", {"x": {"images": 1}}, "did you mean 'images'?"),
        ("{x[a][b]}", {"x": {"a": 5}}, "'x[a]' is 5, which holds no 'b'"),
        ("{x[2]}", {"x": [1, 2]}, "'x' has 2 items; there is no '2'"),
        ("{x[-1]}", {"x": [1, 2]}, "there is no '-1'"),
        ("{x[" + "9" * 5000 + "]}", {"x": [1]}, "there is no '999"),
        ("{x:05d}", {"x": "3"}, "does not fit '3'"),
        ("{x:>5}", {"x": [1]}, "does not fit a list"),
        ("{x:c}", {"x": -1}, "does not fit -1"),
        ("{x:%Y}", {"x": 1}, "'%Y' is no format"),
        ("{x:>1000000000}", {"x": 1}, "at most 1000 wide"),
        ("{x:.1001f}", {"x": 1.0}, "at most 1000 wide"),
        ("{x:{w}}", {"x": 1, "w": 10**9}, "at most 1000 wide"),
        ("{x:{w[a]}}", {"x": 1, "w": {}}, "'w' has no 'a'"),
        ("{x:{}}", {"x": 1}, "has no name"),
        ("a{$REPLACE:x}", {"x": 1}, "it is the whole text or none"),
        ("{$REPLACE:x.y}", {"x": 1}, "asks for an attribute"),
        ("{$REPLACE:x!r}", {"x": 1}, "takes no format"),
        ("{$REPLACE:x:5}", {"x": 1}, "takes no format"),
        ("{$REPLACE:}", {}, "has no name"),
    ],
)
def test_a_template_that_cannot_be_filled_is_refused_with_its_path(
    text: str, parameters: Any, message: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        applied([text], **parameters)

    assert [x.path for x in caught.value.problems] == ["1.parameters.text[0]"]
    assert message in caught.value.problems[0].text


def test_all_problems_are_reported_at_once() -> None:
    recipe = Recipe.read(
        {
            "1": {"queue": "a.{where}", "topic": "{x}", "label": "{x.y}{"},
            "start": [[1, {"a": ["{", "{x[k]} and {x[l]}"]}]],
        }
    )

    with pytest.raises(RecipeError, match=r"^recipe study\.json: ") as caught:
        apply_parameters(recipe, {"x": {}}, "study.json")

    assert [problem.path for problem in caught.value.problems] == [
        "1.queue",
        "1.label",
        "start[0][1].a[0]",
        "start[0][1].a[1]",
        "start[0][1].a[1]",
    ]


@pytest.mark.parametrize(
    "key", ["queue", "topic", "exchange", "transport-delay", "{k}"]
)
@pytest.mark.parametrize("text", ["step.{wher}", "{$REPLACE:wher}", "{a:{wher}}"])
def test_nothing_is_left_unresolved_where_it_would_lose_messages(
    key: str, text: str
) -> None:
    recipe = recipe_with("", **{key: text})

    with pytest.raises(RecipeError) as caught:
        apply_parameters(recipe, {"where": "there", "a": 1, "k": "exchange"})

    (problem,) = caught.value.problems
    assert (problem.path, problem.text) == (
        f"1.{key}",
        "no parameter 'wher'; did you mean 'where'? known: a, k, where",
    )


def test_a_queue_that_is_nowhere_in_its_parameter_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"1\.queue: 'q' has no 'b'"):
        apply_parameters(recipe_with("", queue="{$REPLACE:q[b]}"), {"q": {"a": 1}})


def test_queues_and_delays_are_filled_in() -> None:
    recipe = recipe_with("", **{"queue": "a.{x}", "transport-delay": "{delay}"})

    step = apply_parameters(recipe, {"x": 5, "delay": 2.5}).step(1)

    assert (step.queue, step.delay_s) == ("a.5", 2.5)
    assert step.raw["transport-delay"] == 2.5


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("transport-delay", "soon", "1.transport-delay: 'soon' is no delay in seconds"),
        ("transport-delay", "{y}", "1.transport-delay: '{y}' is no delay in seconds"),
        ("transport-delay", -1, "1.transport-delay: '-1' is no delay in seconds"),
        ("queue", "", "1.queue: a queue is named by a text, not empty"),
        ("queue", "a" * 256, "is too long: a name has at most 255 bytes"),
        ("queue", "{" * 256, "is too long: a name has at most 255 bytes"),
    ],
)
def test_the_recipe_that_results_is_checked(
    field: str, value: object, message: str
) -> None:
    with pytest.raises(RecipeError) as caught:
        apply_parameters(recipe_with("", **{field: "{x}"}), {"x": value})

    assert message in str(caught.value)


def test_a_queue_that_is_replaced_by_no_text_is_refused() -> None:
    with pytest.raises(RecipeError, match=r"1\.queue: .* not a list"):
        apply_parameters(recipe_with("", queue="{$REPLACE:x}"), {"x": ["a"]})


def test_start_payloads_are_filled_in() -> None:
    recipe = Recipe.read({"1": {"queue": "q"}, "start": [[1, {"{k}": "{x}"}]]})

    assert apply_parameters(recipe, {"k": "key", "x": 1}).start == ((1, {"key": "1"}),)


@pytest.mark.parametrize("keys", [("{k}", "a"), ("a", "{k}"), ("{k}", "{$REPLACE:k}")])
def test_two_keys_that_become_one_are_refused(keys: tuple[str, str]) -> None:
    with pytest.raises(RecipeError, match="the key 'a' is there twice"):
        applied(dict.fromkeys(keys), k="a")


def test_a_key_is_replaced_by_text_only() -> None:
    with pytest.raises(RecipeError, match="a key is text, not a list"):
        applied({"{$REPLACE:k}": 1}, k=[])


def test_the_recipe_and_the_parameters_stay_as_they_were() -> None:
    recipe = recipe_with("{$REPLACE:x}")
    values: dict[str, Any] = {"x": [1]}
    before = recipe.to_json()

    result: Any = apply_parameters(recipe, values).step(1).parameters["text"]
    result.append(2)

    assert recipe.to_json() == before
    assert values == {"x": [1]}


@pytest.mark.parametrize(
    ("value", "message"),
    [({1}, "parameters: x: set has no JSON form"), (float("nan"), "x: nan has no")],
)
def test_parameters_are_json(value: object, message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        applied("{x}", x=value)


def test_text_that_grows_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filling, "MAX_SIZE", 1000)

    with pytest.raises(RecipeError, match="with its parameters larger than 1000"):
        applied("{x}" * 11, x="y" * 100)


def test_values_that_grow_too_large_are_refused() -> None:
    with pytest.raises(RecipeError, match="larger than 10485760"):
        applied(["{$REPLACE:x}"] * 11, x="y" * 2**20)


@pytest.mark.parametrize("value", ["y" * 100, [0] * 50, {"y" * 100: None}])
def test_values_that_are_filled_in_are_not_copied_beyond_the_bound(
    monkeypatch: pytest.MonkeyPatch, value: object
) -> None:
    monkeypatch.setattr(filling, "MAX_SIZE", 1000)

    with pytest.raises(RecipeError, match="with its parameters larger than 1000"):
        applied(["{$REPLACE:x}"] * 11, x=value)


def test_nesting_that_grows_too_deep_is_refused() -> None:
    value: Any = 1
    for _ in range(90):
        value = [value]

    with pytest.raises(RecipeError, match="nested more than 100 levels deep"):
        applied([[[[[[[["{$REPLACE:x}"]]]]]]]], x=value)


def test_half_of_a_surrogate_pair_is_not_made_by_a_format() -> None:
    with pytest.raises(RecipeError, match="surrogate"):
        applied("{x:c}", x=0xD800)


def test_hints_are_given_for_the_first_problems_only() -> None:
    steps = {str(n): {"queue": "{q}"} for n in range(1, 31)}
    recipe = Recipe.read(steps | {"start": [[n, 0] for n in range(1, 31)]})

    with pytest.raises(RecipeError) as caught:
        apply_parameters(recipe, {"a": 1})

    texts = [problem.text for problem in caught.value.problems]
    assert len(texts) == 30
    assert (texts[0], texts[29]) == ("no parameter 'q'; known: a", "no parameter 'q'")


def test_a_malformed_template_of_any_length_is_refused_in_one_look() -> None:
    with pytest.raises(RecipeError, match=r"a single '\{'"):
        applied("{a" + "{}" * 200_000)
