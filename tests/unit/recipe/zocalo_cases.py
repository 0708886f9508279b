"""What Zocalo's recipes were tried with: each case, our outcome, and that of workflows.

``theirs`` is what python-workflows 3.3 does; it is compared with the real package where
that is installed.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

OK: Final = "ok"
ERROR: Final = "Error"
"""The outcomes of theirs; any other is the exception that comes out of it by accident."""


@dataclass(frozen=True, slots=True)
class Validation:
    """A recipe, as its JSON text or as an object, and what is said of it."""

    id: str
    recipe: Any
    theirs: str
    error: str = ""
    """A part of our error's text; none if the recipe is fine."""

    warning: str = ""


@dataclass(frozen=True, slots=True)
class Filling:
    """A text, the parameters, and what becomes of it; an exception's name is theirs."""

    id: str
    text: Any
    parameters: dict[str, Any]
    ours: Any
    theirs: Any
    error: str = ""


def one(**changes: Any) -> dict[Any, Any]:
    """Return a recipe of two steps, changed."""
    two: dict[Any, Any] = {
        1: {"queue": "a", "output": 2},
        2: {"queue": "b"},
        "start": [(1, [])],
    }
    return two | changes


def first(**fields: Any) -> dict[Any, Any]:
    """Return a recipe whose first step has these fields, and its second is known."""
    return {1: {"queue": "a"} | fields, 2: {"queue": "b"}, "start": [(1, []), (2, [])]}


def text(recipe: dict[Any, Any]) -> str:
    """Return a recipe as it stands in a file."""
    return json.dumps(recipe)


def chain(length: int) -> dict[Any, Any]:
    """Return a recipe whose steps follow one another."""
    steps: dict[Any, Any] = {
        n: {"queue": "q", "output": n + 1} for n in range(1, length)
    }
    return steps | {length: {"queue": "q"}, "start": [(1, [])]}


def layers(count: int) -> dict[Any, Any]:
    """Return a recipe of layers of two, each step sending to both of the next layer."""
    recipe: dict[Any, Any] = {"start": [(1, []), (2, [])]}
    for n in range(1, 2 * count + 1):
        below = [n + 2 - (n + 1) % 2, n + 3 - (n + 1) % 2]
        output = {"output": below} if n <= 2 * count - 2 else {}
        recipe[n] = {"queue": "q"} | output
    return recipe


NO_RECIPE = "no recipe defined"
DIAMOND: dict[Any, Any] = {
    1: {"queue": "a", "output": [2, 3]},
    2: {"queue": "b", "output": 4},
    3: {"queue": "c", "output": 4},
    4: {"queue": "d"},
    "start": [(1, [])],
}
ASIDE: dict[Any, Any] = {
    1: {"queue": "a"},
    2: {"queue": "b"},
    "start": [(1, [])],
    "error": [2],
}
NESTED = {"a": 2, "b": [2], "c": {"d": 2}, "e": None}

VALIDATIONS: Final = [
    Validation("an empty object", {}, ERROR, NO_RECIPE),
    Validation("an empty list", [], ERROR, NO_RECIPE),
    Validation("none", None, ERROR, NO_RECIPE),
    Validation("no start", {1: {"queue": "a"}}, ERROR, "needs 'start'"),
    Validation("start is an empty list", one(start=[]), ERROR, "not empty"),
    Validation("a start entry of length 1", one(start=[(1,)]), ERROR, "not 1 values"),
    Validation("a start entry is a bare text", one(start=["asdf"]), ERROR, "'asdf'"),
    Validation("start is 1", one(start=1), "TypeError", "not 1"),
    Validation(
        "a start id is the text 1", one(start=[("1", [])]), ERROR, "write the number 1"
    ),
    Validation(
        "start points to start", one(start=[("start", [])]), ERROR, "points to itself"
    ),
    Validation(
        "start points to a missing step", one(start=[(9, [])]), ERROR, "no step 9"
    ),
    Validation("the same step twice in start", one(start=[(1, []), (1, [])]), OK),
    Validation("no error", one(), OK),
    Validation("error is an empty list", one(error=[]), OK),
    Validation("error is a list of one", one(error=[2]), OK),
    Validation("error is a list of two", one(error=[1, 2]), OK),
    Validation("error is a number, in memory", one(error=1), "TypeError"),
    Validation("error is a number, in a file", text(one(error=1)), "TypeError"),
    Validation("error is a text", one(error="x"), ERROR, "not 'x'"),
    Validation("error points to start", one(error=["start"]), ERROR, "'error' cannot"),
    Validation("error points to error", one(error=["error"]), ERROR, "'error' cannot"),
    Validation("error points to a missing step", one(error=[99]), ERROR, "no step 99"),
    Validation(
        "error is a missing step's number, in a file",
        text(one(error=99)),
        "TypeError",
        "no step 99",
    ),
    Validation("error is null", one(error=None), "TypeError", "not null"),
    Validation("error is an object", one(error={"a": 1}), "TypeError", "not an object"),
    Validation(
        "a key that is no number, in memory",
        one(banana={"queue": "a"}),
        "ValueError",
        "'banana' is neither",
    ),
    Validation(
        "a key that is no number, in a file",
        text(one(banana={"queue": "a"})),
        "ValueError",
        "'banana' is neither",
    ),
    Validation("an output is a number", first(output=2), OK),
    Validation("an output is a list", first(output=[2]), OK),
    Validation("an output names a step twice", first(output=[2, 2]), OK),
    Validation("an output is an empty list", first(output=[]), OK),
    Validation("an output is an object of numbers", first(output={"a": 2}), OK),
    Validation("an output is an object of lists", first(output={"a": [2]}), OK),
    Validation(
        "an output is an object of all sorts",
        first(output=NESTED),
        OK,
        warning="channels inside a channel",
    ),
    Validation("an output is null", first(output=None), ERROR),
    Validation("an output is the text 2", first(output="2"), ERROR, "invalid link"),
    Validation(
        "a channel is the text 2", first(output={"x": "2"}), ERROR, "invalid link"
    ),
    Validation("a link is a text", first(output=[2, "b"]), ERROR, "invalid link 'b'"),
    Validation("an output is 2.0", first(output=2.0), ERROR, "invalid link 2.0"),
    Validation("an output is a text", first(output="asdf"), ERROR, "invalid link"),
    Validation("an output is true", first(output=True), ERROR, "invalid link true"),
    Validation("an output is missing", first(output=99), ERROR, "no step 99"),
    Validation("a link is missing", first(output=[2, 99]), ERROR, "no step 99"),
    Validation("a channel is missing", first(output={"x": 99}), ERROR, "no step 99"),
    Validation("a step's error is missing", first(error=[99]), ERROR, "no step 99"),
    Validation("a step sends to itself", first(output=1), ERROR, "cycle 1 -> 1"),
    Validation(
        "two steps send to each other",
        one() | {2: {"queue": "b", "output": [2, 1]}},
        ERROR,
        "cycle 1 -> 2 -> 1",
    ),
    Validation(
        "a cycle through an error",
        one() | {2: {"queue": "b", "error": 1}},
        ERROR,
        "cycle 1 -> 2 -> 1",
    ),
    Validation("a diamond", DIAMOND, OK),
    Validation(
        "a step that nothing leads to",
        one() | {3: {"queue": "c"}},
        ERROR,
        "unreferenced",
    ),
    Validation("a step that only error names", ASIDE, OK),
    Validation("a step is null", one() | {2: None}, "TypeError", "not null"),
    Validation("a step is a list", one() | {2: []}, OK, "not a list"),
    Validation(
        "a step without queue and topic", one() | {2: {}}, OK, "no queue and no topic"
    ),
    Validation("a key that is unknown", first(colour="blue"), OK),
    Validation(
        "a key that is misspelt",
        first(ouput=2),
        OK,
        warning="did you mean 'output'?",
    ),
    Validation(
        "both a queue and a topic", first(topic="t"), OK, warning="both a queue and"
    ),
    Validation("a list, in a file", "[1]", "IndexError", "a recipe is an object"),
    Validation("a text, in a file", '"abc"', "AttributeError", "a recipe is an object"),
    Validation("malformed JSON", "{", "JSONDecodeError", "not JSON"),
    Validation("a chain of 2,000 steps", chain(2000), "RecursionError"),
    Validation("8 layers of 2 steps", layers(8), OK),
]
"""All of section 'validation'; 22 layers take theirs 8 s, and twice as long for each more."""

X: Final = {"x": 3}
FILLINGS: Final = [
    Filling("a number becomes a text", "{x}", X, "3", "3"),
    Filling("with a format", "{x:05d}", X, "00003", "00003"),
    Filling("an item of an object", "{x[y]}", {"x": {"y": 1}}, "1", "1"),
    Filling(
        "an item that is missing",
        "{x[z]}",
        {"x": {"y": 1}},
        None,
        "KeyError",
        "'x' has no 'z'",
    ),
    Filling("an attribute", "{x.y}", X, None, "AttributeError", "an attribute"),
    Filling("an unknown name", "{q}", {}, "{q}", "{q}"),
    Filling("an item of an unknown name", "{q[a][b]}", {}, "{q[a][b]}", "{q[a][b]}"),
    Filling(
        "an attribute of an unknown name",
        "{q.a}",
        {},
        None,
        "AttributeError",
        "an attribute",
    ),
    Filling("a format of an unknown name", "{q:>5}", {}, "{q:>5}", "TypeError"),
    Filling("braces that are meant", "{{lit}}", {"lit": 1}, "{lit}", "{lit}"),
    Filling("a lone brace", "{", {}, None, "ValueError", "a single '{'"),
    Filling("no name", "{}", {}, None, "IndexError", "has no name"),
    Filling("a number for a name", "{0}", {}, None, "IndexError", "has no name"),
    Filling("null becomes a text", "{x}", {"x": None}, "None", "None"),
    Filling("no second pass", "{a}", {"a": "{b}", "b": 1}, "{b}", "{b}"),
    Filling("a list as it is", "{$REPLACE:x}", {"x": [1]}, [1], [1]),
    Filling("an object as it is", "{$REPLACE:x}", {"x": {"a": 1}}, {"a": 1}, {"a": 1}),
    Filling("an inner value as it is", "{$REPLACE:n[k]}", {"n": {"k": [1]}}, [1], [1]),
    Filling("an unknown value", "{$REPLACE:nope}", {}, None, None),
    Filling("an unknown inner value", "{$REPLACE:n[k]}", {"n": {}}, None, None),
    Filling(
        "a replacement inside a text",
        "a{$REPLACE:x}",
        X,
        None,
        "TypeError",
        "the whole text or none",
    ),
    Filling("a key", {"{k}": 1}, {"k": "kk"}, {"kk": 1}, {"kk": 1}),
    Filling("a number stays", 5, {}, 5, 5),
    Filling("a boolean stays", True, {}, True, True),
    Filling(
        "of two names one is known",
        "{first} {second}",
        {"second": "x"},
        "{first} x",
        "{first} x",
    ),
]
"""All of section 'parameters'."""

A: Final[dict[Any, Any]] = {
    1: {"queue": "a", "output": 2},
    2: {"queue": "b"},
    "start": [(1, "A")],
    "error": [2],
}
B: Final[dict[Any, Any]] = {
    1: {"queue": "a", "output": {"o": 2, "p": [2, 3]}},
    2: {"queue": "b"},
    3: {"queue": "c"},
    "start": [(1, "B")],
    "error": [2],
}
MERGED: Final[dict[Any, Any]] = {
    1: {"queue": "a", "output": [2]},
    2: {"queue": "b"},
    3: {"queue": "a", "output": {"o": 4, "p": [4, 5]}},
    4: {"queue": "b"},
    5: {"queue": "c"},
    "start": [(1, "A"), (3, "B")],
    "error": [2, 4],
}
"""A and B merged, as section 'merge' has it."""
