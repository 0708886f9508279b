"""What stands in blocks that hypothesis makes: values, variables, calls of ``choices``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from hypothesis import strategies as st

from recado_experiment.document.tables import Table

Values = st.SearchStrategy[object]
Keys = Mapping[str, Values]

RARELY = st.integers(0, 49).map(lambda number: number == 23)
SOMETIMES = st.integers(0, 3).map(lambda number: number == 2)

VARIABLES: Table = {
    "N": 3,
    "HALF": 0.5,
    "TEXT": "$N",
    "ITEMS": ["x", "y", "z"],
    "MANY": [*range(40)],
    "T": {"p": 1, "q": {"r": "$N", "s": [1, 2]}},
    "P": {"unique": True},
    "B": "a",
    "": "nameless",
    "$": "mark",
    "größe": 1.5,
}
MARKS = [f"${name}" for name in VARIABLES] + ["$CALL", "$ARGS"]

NUMBERS = [0, 1, -1, 7, 2**40, -(2**70), 0.5, -2.5, 1e16, 1e-7, 1.0, float("inf")]
TEXTS = ["", "text", "cost $N", "Grüße 🙂", "# none", "a = 1", "a, b"]
ODD_TEXTS = [
    *('say "so"', "it's", "back\\slash", "tab\there", "two\nlines", "[x]", "{ }"),
    *("'''", "\x1f", "$", "a\u2028b", "]]", "x" * 200),
]

TEXT: Values = st.one_of(*[st.sampled_from(TEXTS)] * 8, st.sampled_from(ODD_TEXTS))
NUMBER: Values = st.one_of(st.sampled_from(NUMBERS), st.integers(-9, 99))
MARK: Values = st.sampled_from(MARKS)
SCALAR: Values = st.one_of(NUMBER, TEXT, st.booleans(), MARK)

KEYS = ["u", "v", "w", "x", "y", "name", "block_id", "participant_index", "id"]
ODD_KEYS = ["x.y", "größe", "", "two words", "$N", "args", "function_name", "params"]
KEY = st.one_of(*[st.sampled_from(KEYS)] * 40, st.sampled_from(ODD_KEYS))

WEIGHTS: Values = st.sampled_from(
    [
        [1, 2, 3],
        [3, 1],
        [0.5, 2.5, 4.0],
        [0, 0, 0],
        [2],
        [0, 1, 0],
        [1, -1, 3],
        [True, 2, 3],
    ]
)
POPULATIONS: Values = st.sampled_from(
    [
        *(["x", "y", "z"], [1, 2, 3, 4], [1.0, 2.0], [True, False], list(range(50))),
        *([[1], [2], [3]], [1, 1, 2], [], ["$ITEMS", "b"], [{"x": 1}, {"x": 2}]),
        *("pqr", ["é", "ü"], "$ITEMS", "$MANY", "$MANY"),
    ]
)
COUNTS: Values = st.one_of(st.integers(0, 5), st.sampled_from([-1, "$N", True, 2.0]))


def tables(required: Keys, optional: Keys) -> st.SearchStrategy[Table]:
    """Tables with some keys always and others sometimes."""
    made: Any = st.fixed_dictionaries(dict(required), optional=dict(optional))
    return cast("st.SearchStrategy[Table]", made)


ARGUMENTS: Values = st.one_of(
    POPULATIONS.map(lambda population: [population]),
    st.sampled_from(
        [[["x", "y", "z"], [1, 2, 3]], [["l", "r"], [3, 1]], [[1, 2], [2]]]
    ),
    tables({"population": POPULATIONS}, {"k": COUNTS}),
    tables({"population": POPULATIONS}, {"k": COUNTS}),
    tables({"population": st.just(["x", "y", "z"]), "weights": WEIGHTS}, {"k": COUNTS}),
    tables({"population": st.just([1, 2, 3]), "cum_weights": WEIGHTS}, {"k": COUNTS}),
    tables({"population": POPULATIONS}, {"weights": WEIGHTS, "cum_weights": WEIGHTS}),
    st.just("$ARGS"),
)
PARAMS: Values = st.sampled_from(
    [
        {},
        {"unique": True},
        {"unique": True},
        {"unique": False},
        "$P",
        {"unique": "false"},
    ]
)
IDS: Values = st.sampled_from(["one", "one", "two", 1, 1.0, True, "$N", 3])
ODD_CALLS: Values = st.sampled_from(
    [
        {"function_name": "pick", "args": [[1]]},
        {"function_name": "choices", "args": 3},
        {"function_name": "choices", "id": 1},
        {"function_name": "choices", "args": []},
        {"function_name": "choices", "args": [[1]], "params": {"uniqe": True}},
        {"function_name": "choices", "args": [[1]], "params": [1]},
        {"function_name": "choices", "args": {"populations": [1]}},
        {"function_name": "choices", "args": [[1]], "id": [1]},
        {"function_name": "choices", "args": [[1, 2]], "id": "one"},
        {"function_name": "choices", "args": [[1], [1], [1]]},
        {"args": [[1]], "id": "one"},
        {"function_name": "choices"},
        {"id": 5},
    ]
)


@st.composite
def calls(draw: st.DrawFn) -> object:
    """A call of ``choices``; a few cannot be made."""
    if draw(RARELY):
        return draw(ODD_CALLS)
    call: Table = {"function_name": "choices", "args": draw(ARGUMENTS)}
    call |= draw(tables({}, {"params": PARAMS, "id": IDS}))
    return {key: call[key] for key in draw(st.permutations(list(call)))}


CALLS: Values = calls()
ARRAY: Values = st.one_of(
    st.lists(st.integers(-3, 9), max_size=4),
    st.lists(st.sampled_from(["p", "q", "$N", "é", "r, s"]), max_size=3),
    st.lists(st.sampled_from([0.5, 1.5, 1e9]), max_size=3),
    st.lists(st.lists(st.integers(0, 3), max_size=2), max_size=2),
    st.lists(tables({"x": SCALAR}, {"y": SCALAR, "args": NUMBER}), max_size=3),
    *[st.lists(st.integers(-3, 9), max_size=2)] * 3,
    st.lists(st.one_of(SCALAR, CALLS), max_size=3),
)
LEAF: Values = st.one_of(SCALAR, SCALAR, SCALAR, ARRAY, CALLS, CALLS)
VALUES: Values = st.recursive(
    LEAF,
    lambda inner: cast("Values", st.dictionaries(KEY, inner, max_size=4)),
    max_leaves=6,
)
CONFIGS = cast(
    "st.SearchStrategy[Table]", st.dictionaries(KEY, VALUES, min_size=1, max_size=5)
)
