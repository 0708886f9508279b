"""Studies that hypothesis makes: whatever experiment-server's reader of studies reads.

Most can be expanded. What goes wrong in the others is one thing of many, so that they come
far before they are refused.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, cast

from hypothesis import strategies as st

from recado_experiment.document.tables import Table, is_table

Values = st.SearchStrategy[object]
Keys = Mapping[str, Values]

NAMES = ["a", "b", "c", "d", "été", "two words", "7", "e", "f"]
"""Of blocks; one is as a number that was made a text, and some need quotes as keys."""

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
DATES = [date(2024, 2, 29), time(7, 30), datetime(2024, 1, 1, tzinfo=UTC)]

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


@st.composite
def configs(draw: st.DrawFn) -> object:
    """The config of a block; now and then it has a date, or is no table at all."""
    if draw(RARELY):
        return draw(st.one_of(SCALAR, CALLS, st.just("$T")))
    config = draw(CONFIGS)
    return config | {"when": draw(st.sampled_from(DATES))} if draw(RARELY) else config


@st.composite
def blocks(draw: st.DrawFn) -> list[object]:
    """Blocks that may extend each other: in long chains, and seldom in circles."""
    names: list[Any] = draw(
        st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True)
    )
    are_chained, are_circled = draw(SOMETIMES), draw(RARELY)
    if are_chained and draw(SOMETIMES):
        names += [f"n{at}" for at in range(draw(st.integers(1, 30)))]
    made: list[object] = []
    for at, name in enumerate(names):
        block: Table = {"name": int(name) if name == "7" and draw(RARELY) else name}
        known = names if are_circled else names[:at]
        if known and (are_chained or draw(st.booleans())):
            parent = known[-1] if are_chained else draw(st.sampled_from(known))
            block["extends"] = "$B" if parent == "a" and draw(SOMETIMES) else parent
        if name.startswith("n"):
            block["config"] = {"u": at}
        elif "extends" not in block or not draw(SOMETIMES):
            block["config"] = draw(configs())
        if draw(SOMETIMES):
            block |= draw(
                tables({}, {"note": VALUES, "block_idx": SCALAR, "id": SCALAR})
            )
        if draw(RARELY):
            block |= draw(tables({}, {"extends": SCALAR, "name": VALUES}))
        if draw(RARELY):
            del block[draw(st.sampled_from(list(block)))]
        made.append({key: block[key] for key in draw(st.permutations(list(block)))})
    return draw(st.permutations(made)) if draw(st.booleans()) else made


@st.composite
def rows(draw: st.DrawFn, lists: Values) -> Table:
    """A table of lists for each participant in turn; a few have wrong keys."""
    keys = ["1", "2", "3", "4"][: draw(st.integers(1, 4))]
    if draw(RARELY):
        keys = draw(st.lists(st.sampled_from(["0", "1", "01", "2", "x", "1_0", " 2"])))
    return {key: draw(lists) for key in draw(st.permutations(keys))}


STRATEGY = st.sampled_from(["as_is", "randomize", "latin_square"])
ODD_STRATEGY: Values = st.sampled_from(["latin", "", 1, ["randomize"], True])
SEEDS: Values = st.one_of(
    st.sampled_from(
        [0, 3, -5, 2.5, True, 2**70, 10**400, -1, 1e300, -0.5, float("inf")]
    ),
    st.integers(-(2**40), 2**40),
)
ODD_SEEDS: Values = st.sampled_from(["7", [1], {"x": 1}, date(2024, 2, 29), "$N"])


ODD_ORDERS: list[object] = [
    [[]],
    [["zz"]],
    3,
    "a",
    [1],
    [["a"], "a"],
    [],
    {},
    True,
    "$B",
    ["zz"],
]


@st.composite
def orders(draw: st.DrawFn, known: list[str]) -> object:
    """An order in one of its forms; equal groups more often than not."""
    if draw(RARELY):
        return draw(st.sampled_from(ODD_ORDERS))
    name, size = st.sampled_from(known), draw(st.integers(1, 4))
    flat = st.lists(name, max_size=6)
    even = st.lists(name, min_size=size, max_size=size)
    forms: list[Values] = [flat, rows(flat), rows(flat), st.lists(flat, max_size=3)]
    forms += [st.lists(even, min_size=1, max_size=5)] * 3
    return draw(st.one_of(forms))


@st.composite
def configurations(draw: st.DrawFn, known: list[str]) -> Table:
    """The table ``configuration``, without its variables."""
    flat: Values = st.lists(st.sampled_from(known), max_size=3)
    edge = st.one_of(flat, rows(flat))
    made: Table = {"order": draw(orders(known))}
    made |= draw(
        tables(
            {},
            {
                "groups_strategy": STRATEGY,
                "within_groups_strategy": STRATEGY,
                "init_blocks": edge,
                "final_blocks": edge,
                "random_seed": SEEDS,
            },
        )
    )
    if is_table(made["order"]) and not draw(RARELY):
        made.pop("groups_strategy", None)
    for key in ("init_blocks", "final_blocks"):
        if draw(st.booleans()) and (not is_table(made.get(key)) or draw(RARELY)):
            made[f"{key}_strategy"] = draw(st.sampled_from(["as_is", "randomize"]))
    if draw(SOMETIMES):
        old: Keys = {"groups": STRATEGY, "within_groups": STRATEGY}
        made |= draw(tables({}, {**old, "group": SCALAR}))
    if draw(RARELY):
        odd = {key: ODD_STRATEGY for key in made if "strategy" in key}
        odd |= {"random_seed": ODD_SEEDS, "init_blocks": SCALAR}
        odd |= {"final_blocks": st.just([["a"]]), "init_blocks_strategy": STRATEGY}
        made |= draw(tables({}, odd))
    if draw(RARELY):
        del made[draw(st.sampled_from(list(made)))]
    return {key: made[key] for key in draw(st.permutations(list(made)))}


@st.composite
def studies(draw: st.DrawFn) -> Table:
    """A whole study."""
    listed = draw(blocks())
    known = [
        str(block["name"]) for block in listed if is_table(block) and "name" in block
    ]
    known = [name for name in known if not name.startswith(("$", "{"))] or ["a"]
    configuration = draw(configurations(known))
    held = VARIABLES | {"CALL": draw(CALLS), "ARGS": draw(ARGUMENTS)}
    used = json.dumps(listed, default=str, ensure_ascii=False)
    held = {name: value for name, value in held.items() if f'"${name}"' in used}
    if draw(RARELY):
        held = {name: held[name] for name in draw(st.permutations(list(held)))[1:]}
    configuration["variables"] = held
    if draw(RARELY):
        configuration["variables"] = draw(st.one_of(SCALAR, st.just([held])))
    parts: list[tuple[str, object]] = [("configuration", configuration)]
    parts.append(("blocks", listed))
    if draw(RARELY):
        marked: list[object] = ["$T", "$BLOCK", "namedconfig", 3]
        parts[1] = ("blocks", draw(st.sampled_from([*marked, listed[:1] + marked, {}])))
    if draw(RARELY):
        parts.append(("note", draw(VALUES)))
    if draw(RARELY):
        parts.pop(draw(st.integers(0, 1)))
    return dict(draw(st.permutations(parts)))
