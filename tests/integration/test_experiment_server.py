"""Expansion beside experiment-server's own: needs that package, in release 0.3.9.

Without it these tests are skipped, and fail where ``CI`` is set: there it has to be.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from copy import deepcopy
from importlib import import_module, metadata
from typing import Any, cast

import pytest
import tomli
from hypothesis import event, given, settings
from hypothesis import strategies as st

from recado_experiment import Study, StudyError
from recado_experiment.tables import is_list, is_table

RELEASE = "0.3.9"
PARTICIPANTS = range(1, 7)
"""Enough to meet every row of tables with one, two or three keys."""


Table = dict[str, object]
Values = st.SearchStrategy[object]
Keys = Mapping[str, Values]
Peer = Callable[[Table, int], list[Table]]

NAMES = ["a", "b", "c", "d"]
CALL_ID: Values = st.sampled_from([1, 1.0, "one"])
PARAMS: Values = st.sampled_from([{}, {"unique": True}, {"unique": False}])
ITEMS: Values = st.sampled_from(
    [["x", "y", "z"], [1, 2, 3, 4], [1.0, 2.0], "pqr", [[1], [2]]]
)
WEIGHTS: Values = st.sampled_from([[1, 2, 3], [3, 1], [0.5, 2.5, 4.0], [0, 0], [2]])
PLAIN: Values = st.sampled_from(
    [0, 1, 7, 2.5, True, False, "", "text", "$N", "$CALL", "$T"]
)
RARELY = st.integers(0, 15).map(lambda number: number == 0)


def tables(required: Keys, optional: Keys) -> st.SearchStrategy[Table]:
    """Tables with some keys always and others sometimes."""
    made: Any = st.fixed_dictionaries(dict(required), optional=dict(optional))
    return cast("st.SearchStrategy[Table]", made)


def inline(value: object) -> str:
    """Return a value as TOML on one line."""
    if is_table(value):
        pairs = ", ".join(f"{json.dumps(k)} = {inline(v)}" for k, v in value.items())
        return f"{{ {pairs} }}"
    if is_list(value):
        return f"[{', '.join(map(inline, value))}]"
    return json.dumps(value)


@st.composite
def calls(draw: st.DrawFn) -> Table:
    """A call of ``choices``; a few cannot be made."""
    count: Keys = {"k": st.integers(-1, 3)}
    more = {"weights": WEIGHTS, "cum_weights": WEIGHTS, **count}
    arrays: list[Values] = [
        ITEMS.map(lambda population: [population]),
        st.tuples(ITEMS, WEIGHTS).map(list),
    ]
    named: list[Values] = [
        tables({"population": ITEMS}, count),
        tables({"population": ITEMS}, more),
        tables({}, more),
    ]
    name = "pick" if draw(RARELY) else "choices"
    call: Table = {"function_name": name, "args": draw(st.one_of(arrays + named))}
    extra = draw(tables({}, {"params": PARAMS, "id": CALL_ID}))
    return {**extra, **call} if draw(st.booleans()) else {**call, **extra}


def nested(inner: Values) -> Values:
    """Tables of values; some look like calls."""
    keys = ["x", "y", "name", "block_id", "id", "args", "k", "$N"]
    return st.dictionaries(st.sampled_from(keys), inner, max_size=4)


VALUES: Values = st.recursive(
    st.one_of(PLAIN, st.lists(PLAIN, max_size=3), calls()), nested, max_leaves=5
)
CONFIGS: Values = st.dictionaries(
    st.sampled_from(["u", "v", "w", "name", "participant_index"]), VALUES, max_size=4
)


@st.composite
def blocks(draw: st.DrawFn) -> list[Table]:
    """One to four blocks that may extend each other, in circles too."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    made: list[Table] = []
    for name in names:
        parents = st.sampled_from(["zz"] if draw(RARELY) else names)
        config = VALUES if draw(RARELY) else CONFIGS
        optional: Keys = {"extends": parents, "note": VALUES, "block_idx": PLAIN}
        block = {"name": name, **draw(tables({"config": config}, optional))}
        if "extends" in block and draw(st.booleans()):
            del block["config"]
        made.append({key: block[key] for key in draw(st.permutations(list(block)))})
    return made


@st.composite
def studies(draw: st.DrawFn) -> Table:
    """A whole study; about half can be expanded."""
    listed = draw(blocks())
    known = [str(block["name"]) for block in listed] + (["zz"] if draw(RARELY) else [])
    size = draw(st.integers(0, 3))
    flat = st.lists(st.sampled_from(known), max_size=5)
    even = st.lists(st.sampled_from(known), min_size=size, max_size=size)
    table = st.lists(flat, min_size=1, max_size=3).map(
        lambda rows: {str(key): row for key, row in enumerate(rows, start=1)}
    )
    order: list[Values] = [
        flat,
        table,
        st.lists(even, max_size=4),
        st.lists(flat, max_size=3),
    ]
    strategies = st.sampled_from(["as_is", "randomize", "latin_square"])
    edge: Values = st.one_of(flat, table)
    edge_strategies = st.sampled_from(["as_is", "randomize", "as_is"])
    optional: Keys = {
        "groups_strategy": strategies,
        "within_groups_strategy": strategies,
        "groups": strategies,
        "within_groups": strategies,
        "init_blocks": edge,
        "final_blocks": edge,
        "init_blocks_strategy": edge_strategies,
        "final_blocks_strategy": edge_strategies,
        "random_seed": st.sampled_from([0, 3, -5, 2.5, True]),
    }
    configuration = draw(tables({"order": st.one_of(order)}, optional))
    variables = {"N": 3, "CALL": draw(calls()), "T": {"p": 1, "q": {"r": "$N"}}}
    return {
        "configuration": {**configuration, "variables": variables},
        "blocks": listed,
    }


@pytest.fixture(scope="module")
def peer() -> Peer:
    """experiment-server's expansion of a configuration that was read."""
    try:
        release = metadata.version("experiment_server")
    except metadata.PackageNotFoundError:
        release = "not installed"
    if release != RELEASE:
        reason = f"needs experiment-server {RELEASE}, which is {release}"
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    process: Callable[[Table, int, bool], list[Table]] = import_module(
        "experiment_server._process_config"
    )._process_config

    def expand(study: Table, participant: int) -> list[Table]:
        return process(deepcopy(study), participant, True)

    return expand


def theirs(peer: Peer, study: Table) -> list[str | None]:
    """Return what experiment-server makes of a study; it raises what comes up."""
    found: list[str | None] = []
    for participant in PARTICIPANTS:
        try:
            found.append(json.dumps(peer(study, participant)))
        except Exception:
            found.append(None)
    return found


def ours(text: str) -> list[str | None]:
    """Return what this project makes of a study; our own error and no other."""
    try:
        study = Study.read(text)
    except StudyError:
        return [None for _ in PARTICIPANTS]
    found: list[str | None] = []
    for participant in PARTICIPANTS:
        try:
            found.append(json.dumps(study.expand(participant)))
        except StudyError:
            found.append(None)
    return found


@pytest.mark.filterwarnings("ignore:`.*is being deprecated:FutureWarning")
@settings(max_examples=100, deadline=None, derandomize=True)
@given(study=studies())
def test_what_experiment_server_expands_is_expanded_alike(
    peer: Peer, study: dict[str, object]
) -> None:
    text = "\n".join(f"{key} = {inline(value)}" for key, value in study.items())
    read = tomli.loads(text)

    expected, found = theirs(peer, read), ours(text)

    event("all" if all(expected) else "some" if any(expected) else "none")
    if any(expected) and not any(found):
        # What only some participants could be served with is refused from the start.
        assert not all(expected)
    else:
        assert found == expected
