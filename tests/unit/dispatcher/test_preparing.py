"""What a request becomes, or why it is refused."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recado.clients.dispatch import request_message
from recado.errors import Problem, RecipeError, SchemaError
from recado.message import RECIPE, Message, encode
from recado.recipe import Recipe, RecipeFolder
from recado.schemas.dispatch import PRIORITY, START_AT
from recado.starting import Prepared, prepare, read_request

NAMED = {"start": [[1, {"n": 1}]], "1": {"queue": "{queue}"}}
CUSTOM: dict[str, Any] = {
    "start": [[1, []]],
    "1": {"queue": "bar", "parameters": {"eat": "{food}"}},
}


@pytest.fixture
def folder(tmp_path: Path) -> RecipeFolder:
    (tmp_path / "named.json").write_text(json.dumps(NAMED))
    (tmp_path / "cyclic.json").write_text(
        '{"start": [[1, []]], "1": {"queue": "a", "output": 1}}'
    )
    return RecipeFolder(tmp_path)


def _asked(folder: RecipeFolder, **request: Any) -> Prepared:
    return prepare(request_message(**request), folder)


def _problems(folder: RecipeFolder, body: object) -> dict[str, str]:
    with pytest.raises(SchemaError) as caught:
        prepare(Message(encode(body), {}), folder)
    return {problem.path: problem.text for problem in caught.value.problems}


def test_a_named_recipe_is_found_and_filled_in(folder: RecipeFolder) -> None:
    prepared = _asked(folder, recipes=["named"], parameters={"queue": "foo"})

    assert prepared.names == ("named",)
    assert not prepared.is_custom
    assert prepared.recipe.step(1).queue == "foo"
    assert json.loads(prepared.encoded) == prepared.recipe.raw


def test_the_custom_recipe_comes_first_and_named_ones_follow(
    folder: RecipeFolder,
) -> None:
    prepared = _asked(
        folder,
        recipes=["named"],
        custom=CUSTOM,
        parameters={"queue": "foo", "food": "spam"},
    )

    assert prepared.is_custom
    assert prepared.recipe.step(1).raw["parameters"] == {"eat": "spam"}
    assert prepared.recipe.step(2).queue == "foo"
    assert [number for number, _ in prepared.recipe.start] == [1, 2]


def test_a_custom_recipe_may_come_as_its_json_text(folder: RecipeFolder) -> None:
    body = encode({"custom_recipe": json.dumps(CUSTOM)})

    prepared = prepare(request_message(custom=CUSTOM), folder)
    as_text = prepare(Message(body, request_message().headers), folder)

    assert as_text.recipe == prepared.recipe


def test_a_guid_that_can_be_a_name_names_the_run(folder: RecipeFolder) -> None:
    prepared = _asked(folder, custom=CUSTOM, parameters={"guid": "scan-7.b_2"})

    assert prepared.run == "scan-7.b_2"
    assert prepared.parameters["guid"] == "scan-7.b_2"


@pytest.mark.parametrize("guid", [7, "", "a b", "../x", "x" * 101, "ä", None, "a\n"])
def test_any_other_guid_is_replaced(folder: RecipeFolder, guid: object) -> None:
    prepared = _asked(folder, custom=CUSTOM, parameters={"guid": guid})

    assert len(prepared.run) == 36
    assert prepared.parameters["guid"] == prepared.run


def test_the_same_request_is_always_the_same_run(folder: RecipeFolder) -> None:
    message = request_message(custom=CUSTOM)
    other = request_message(custom=CUSTOM)

    runs = [prepare(each, folder).run for each in (message, message, other)]

    assert runs[0] == runs[1] != runs[2]


def test_the_run_can_be_used_in_templates(folder: RecipeFolder) -> None:
    recipe = {"start": [[1, "{guid}"]], "1": {"queue": "a"}}

    prepared = _asked(folder, custom=recipe, parameters={"guid": "r1"})

    assert prepared.recipe.start == ((1, "r1"),)


def test_a_request_of_a_recipe_step_is_its_payload(folder: RecipeFolder) -> None:
    body: dict[str, Any] = {
        "recipe": {"1": {"queue": "processing_recipe"}, "start": [[1, []]]},
        "recipe-pointer": 1,
        "recipe-path": [],
        "environment": {"ID": "parent"},
        "payload": {"custom_recipe": CUSTOM},
    }

    prepared = prepare(Message(encode(body), {RECIPE: "true"}), folder)

    assert prepared.recipe.step(1).queue == "bar"
    assert prepared.run != "parent"


@pytest.mark.parametrize("body", [None, 3, "named", ["named"], True, 1.5])
def test_a_request_that_is_no_object_is_refused(
    folder: RecipeFolder, body: object
) -> None:
    assert "" in _problems(folder, body)


@pytest.mark.parametrize(
    "body", [{}, {"recipes": []}, {"recipes": [], "custom_recipe": {}}]
)
def test_a_request_without_any_recipe_is_refused(
    folder: RecipeFolder, body: object
) -> None:
    assert _problems(folder, body)[""].startswith("no recipe at all")


def test_all_problems_of_a_request_are_told_at_once(folder: RecipeFolder) -> None:
    body = encode({"recipes": ["a", 1], "parameters": []})
    headers = {START_AT: "soon", PRIORITY: "10"}
    with pytest.raises(SchemaError) as caught:
        prepare(Message(body, headers), folder)

    assert [str(problem) for problem in caught.value.problems] == [
        "headers.recado-start-at: input should be a valid number, unable to parse "
        "string as a number, not 'soon'",
        "headers.recado-priority: input should be less than or equal to 9, not '10'",
        "recipes[1]: input should be a valid string, not 1",
        "parameters: input should be a valid dictionary, not []",
    ]


def test_what_only_filters_know_is_kept_and_what_is_misspelt_is_named(
    folder: RecipeFolder,
) -> None:
    body = {"recipies": ["named"], "beamline": "i03"}

    request = read_request(Message(encode(body), {}))

    assert request.extra == body
    assert request.misspelt() == {"recipies": "recipes"}
    assert _problems(folder, body)["recipies"] == "did you mean 'recipes'?"


def test_all_problems_of_all_recipes_are_told_at_once(folder: RecipeFolder) -> None:
    problems = _problems(
        folder,
        {
            "custom_recipe": {"start": [[2, None]], "1": {"queue": "a"}},
            "recipes": ["nmaed", "cyclic", "named", "../named"],
        },
    )

    assert "there is no step 2" in problems["custom_recipe.start[0][0]"]
    assert "did you mean 'named'?" in problems["recipes[0](nmaed)"]
    assert "cycle" in problems["recipes[1](cyclic).1.output"]
    assert problems["recipes[2](named).1.queue"].startswith("no parameter 'queue'")
    assert "a name has" in problems["recipes[3](../named)"]


def test_a_parameter_without_a_json_form_is_refused(folder: RecipeFolder) -> None:
    problems = _problems(
        folder, {"custom_recipe": CUSTOM, "parameters": {"x": float("inf")}}
    )

    assert list(problems) == ["parameters.x"]


def test_more_recipes_than_may_start_together_are_refused(
    folder: RecipeFolder,
) -> None:
    assert "recipes" in _problems(folder, {"recipes": ["named"] * 101})


def test_recipes_that_are_too_large_together_are_refused(folder: RecipeFolder) -> None:
    large = {"start": [[1, "x" * 6_000_000]], "1": {"queue": "a"}}
    (folder.path / "large.json").write_text(json.dumps(large))

    problems = _problems(folder, {"recipes": ["large", "large"]})

    assert "the recipes together have 12000" in problems[""]


def test_recipes_are_not_filled_in_beyond_the_bound(folder: RecipeFolder) -> None:
    large = {"start": [[1, "x" * 6_000_000]], "1": {"queue": "a"}}
    (folder.path / "large.json").write_text(json.dumps(large))

    problems = _problems(folder, {"recipes": ["large"] * 100})

    assert "the recipes together have 12000" in problems[""]


def test_a_recipe_file_that_cannot_be_read_now_is_no_fault_of_the_request() -> None:
    class Away:
        def load(self, name: str) -> Recipe:
            raise RecipeError(name, [Problem("", "bad")]) from OSError("stale handle")

    with pytest.raises(OSError, match="stale handle"):
        prepare(request_message(["named"]), Away())


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"[" * 5000, b'{"a":1}x'])
def test_a_body_that_is_not_json_is_refused(folder: RecipeFolder, body: bytes) -> None:
    with pytest.raises(SchemaError):
        prepare(Message(body, {}), folder)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)
STEP = st.fixed_dictionaries(
    {},
    optional={
        "queue": JSON | st.sampled_from(["a", "{x}", "{guid}", "{x.y}", "{x[0]}"]),
        "topic": JSON,
        "output": JSON | st.integers(0, 3),
        "transport-delay": JSON | st.sampled_from([1, "{x}", "2.5", -1]),
        "parameters": JSON,
    },
)
RECIPE_LIKE: st.SearchStrategy[Any] = JSON | st.fixed_dictionaries(
    {"start": JSON | st.just([[1, None]])},
    optional={"1": STEP | JSON, "2": STEP | JSON, "error": JSON},
)
REQUEST = JSON | st.fixed_dictionaries(
    {},
    optional={
        "recipes": JSON | st.lists(st.sampled_from(["named", "cyclic", "x", "../x"])),
        "custom_recipe": RECIPE_LIKE | JSON.map(json.dumps),
        "parameters": JSON | st.dictionaries(st.sampled_from(["x", "guid"]), JSON),
    },
)


@given(body=REQUEST, wrapped=st.booleans())
def test_nothing_that_a_request_contains_is_more_than_refused(
    tmp_path_factory: pytest.TempPathFactory, body: object, wrapped: bool
) -> None:
    folder = RecipeFolder(tmp_path_factory.getbasetemp())
    envelope: dict[str, Any] = {
        "recipe": {"1": {}},
        "recipe-pointer": 1,
        "payload": body,
    }
    message = Message(encode(body), {})
    if wrapped:
        message = Message(encode(envelope), {RECIPE: "true"})

    with suppress(SchemaError):
        assert prepare(message, folder).recipe.start
