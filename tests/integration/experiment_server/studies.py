"""Studies that hypothesis makes: whatever experiment-server's reader of studies reads.

Most can be expanded. What goes wrong in the others is one thing of many, so that they come
far before they are refused.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import Any

from hypothesis import strategies as st

from recado_experiment.document.tables import Table, is_table
from tests.integration.experiment_server.values import (
    ARGUMENTS,
    CALLS,
    CONFIGS,
    RARELY,
    SCALAR,
    SOMETIMES,
    VALUES,
    VARIABLES,
    Keys,
    Values,
    tables,
)

NAMES = ["a", "b", "c", "d", "été", "two words", "7", "e", "f"]
"""Of blocks; one is as a number that was made a text, and some need quotes as keys."""

DATES = [date(2024, 2, 29), time(7, 30), datetime(2024, 1, 1, tzinfo=UTC)]


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
