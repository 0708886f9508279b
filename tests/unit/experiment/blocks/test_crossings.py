"""Crossings: blocks of every combination of levels."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recado_experiment import Study, StudyError
from recado_experiment.document.tables import is_list, is_table

BASE = """
[configuration]
order = ["grid"]
[configuration.variables]
SIZES = [1, 2, 3]
[[blocks]]
name = "base"
config = { trials = 5, look = { colour = "red", size = 0 } }
"""


def study(crossing: str, order: str = '["grid"]') -> Study:
    text = BASE.replace('["grid"]', order)
    return Study.read(f'{text}[[crossings]]\nname = "grid"\n{crossing}\n')


def names(found: Study) -> list[str]:
    return [name.removeprefix("grid:") for name in found.names(1)]


def problems(crossing: str) -> str:
    with pytest.raises(StudyError) as caught:
        study(crossing)
    return str(caught.value)


FACTORS = 'factors = { a = ["x", "y"], b = [1, 2, 3] }'
MANY = list(range(200))
ALL = ["x:1", "x:2", "x:3", "y:1", "y:2", "y:3"]


@pytest.mark.parametrize(
    ("crossing", "made"),
    [
        pytest.param(FACTORS, ALL, id="full"),
        pytest.param(f'{FACTORS}\nmode = "full"', ALL, id="full by name"),
        pytest.param(
            'factors = { a = ["x", "y"], b = [1, 2] }\nmode = "paired"',
            ["x:1", "y:2"],
            id="paired",
        ),
        pytest.param(
            f'{FACTORS}\nexclude = [{{ a = "x", b = 1 }}, {{ b = 3 }}]',
            ["x:2", "y:1", "y:2"],
            id="exclude",
        ),
        pytest.param(
            f'{FACTORS}\ninclude = [{{ a = "x" }}, {{ b = 2 }}]',
            ["x:1", "x:2", "x:3", "y:2"],
            id="include",
        ),
        pytest.param(
            f'{FACTORS}\ninclude = [{{ a = "x" }}]\nexclude = [{{ b = 1 }}]',
            ["x:2", "x:3"],
            id="both",
        ),
        pytest.param('factors = { a = [true, false], s = "$SIZES" }',
                     [f"{a}:{s}" for a in ("true", "false") for s in (1, 2, 3)], id="variable"),
        pytest.param("factors = { a = [0.5] }", ["0.5"], id="one"),
    ],
)  # fmt: skip
def test_the_combinations_become_blocks(crossing: str, made: list[str]) -> None:
    assert names(study(crossing)) == made


def test_levels_are_put_into_the_config_over_what_is_inherited() -> None:
    found = study(
        'extends = "base"\nconfig = { own = 1, look = { size = 7 } }\n'
        "[crossings.factors]\ntrials = [9]\n"
        'kind = [{ name = "k", config = { look = { colour = "blue" } } }]'
    )
    (config,) = found.configs(1)
    rest: dict[str, Any] = {
        "trials": 9,
        "kind": "k",
        "look": {"colour": "blue", "size": 7},
        "own": 1,
        "participant_index": 1,
        "name": "grid:9:k",
        "block_id": 0,
    }
    assert config == rest


def test_a_crossing_stands_for_its_blocks_wherever_blocks_are_named() -> None:
    found = study(FACTORS, order='[["base", "grid"], ["grid:x:1"]]')
    assert names(found) == ["base", *ALL, "x:1"]
    assert study(FACTORS, order='{ 1 = ["grid"], 2 = ["base"] }').names(2) == ["base"]


def test_a_crossing_is_balanced_by_a_square() -> None:
    text = BASE.replace(
        "[configuration]", '[configuration]\ngroups_strategy = "williams"', 1
    )
    found = Study.read(
        f'{text}[[crossings]]\nname = "grid"\nfactors = {{ a = [1, 2], b = [1, 2] }}'
    )
    assert found.period == 4
    orders = [found.names(at) for at in range(1, 5)]
    pairs = Counter(pair for order in orders for pair in pairwise(order))
    assert len(pairs) == 12
    assert set(pairs.values()) == {1}


def test_calls_in_a_crossing_are_drawn_for_each_of_its_blocks() -> None:
    once = "params = { unique = true }"
    call = f'{{ function_name = "sample", args = [[1, 2, 3, 4, 5, 6], 1], {once} }}'
    found = study(f"config = {{ n = {call} }}\n{FACTORS}")
    drawn: list[Any] = [config["n"] for config in found.configs(3)]
    assert sorted(number for part in drawn for number in part) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("crossing", "text"),
    [
        ("", "line 9: crossings[0]: has no 'factors'; they are a table of arrays"),
        ("factors = [1]", "factors: has to be a table of arrays, not an array"),
        ("factors = { a = 1 }", "line 11: crossings[0].factors.a: has to be an array"),
        ("factors = { a = [] }", "crossings[0].factors.a: has no level"),
        ("factors = { a = [1, 1] }", "factors.a: has two levels of the same name"),
        ("factors = { a = [{ nme = 1 }] }", "factors.a[0]: a level that is a table has"),
        ('factors = { a = [1, 2], b = [1] }\nmode = "paired"', "needs as many of each factor"),
        (f'{FACTORS}\nmode = "pared"', "no mode 'pared'; did you mean 'paired'"),
        (f"{FACTORS}\nexclude = [{{ c = 1 }}]", "exclude[0].c: no factor 'c'"),
        (f"{FACTORS}\nexclude = [{{ a = 'z' }}]", "exclude[0].a: no level 'z'"),
        (f"{FACTORS}\nexclude = [1]", "exclude[0]: has to be a table of levels by factor"),
        (f"{FACTORS}\nexclude = [{{ a = 'x' }}, {{ a = 'y' }}]", "has nothing left"),
        (f"{FACTORS}\nfactor = 1", "no key 'factor'; did you mean 'factors'"),
        (f'{FACTORS}\nextends = "bse"', "extends: no block 'bse'; did you mean 'base'"),
        (f'{FACTORS}\n[[crossings]]\nname = "grid"\n{FACTORS}', "'grid' is a block's or"),
        (f'{FACTORS}\n[[crossings]]\nname = "base"\n{FACTORS}', "'base' is a block's or"),
        (f'{FACTORS}\n[[blocks]]\nname = "grid:x:1"\nconfig = {{}}', "which is there already"),
        (f"factors = {{ a = {MANY}, b = {MANY} }}", "makes 40000 combinations"),
        (f"{FACTORS}\n[[crossings]]\n{FACTORS}", "crossings[1]: has no 'name'"),
        (f"config = 1\n{FACTORS}", "crossings[0].config: has to be a table"),
    ],
)  # fmt: skip
def test_what_cannot_be_crossed_is_refused(crossing: str, text: str) -> None:
    assert text in problems(crossing)


def test_a_problem_inside_a_crossing_is_told_once_with_its_line() -> None:
    call = '{ function_name = "choices", args = [[]] }'
    found = problems(f"config = {{ n = {call} }}\n{FACTORS}")
    assert found.count("is empty: there is nothing to choose from") == 1
    assert "line 11: crossings[0].config.n.args[0]" in found


def test_a_study_may_have_crossings_and_no_blocks() -> None:
    found = Study.read(
        '[configuration]\norder = ["g"]\n[[crossings]]\nname = "g"\nfactors = { a = [1, 2] }'
    )
    assert found.names(1) == ["g:1", "g:2"]
    assert found.warnings == ()


LEVELS: st.SearchStrategy[list[Any]] = st.lists(
    st.sampled_from(["x", "y", "z", 1, 2, 0.5, True]), min_size=1, max_size=4
)


@st.composite
def factors(draw: st.DrawFn) -> dict[str, list[Any]]:
    """One to three factors, each with levels of different names."""
    names = draw(st.lists(st.sampled_from("abc"), min_size=1, max_size=3, unique=True))
    unique = LEVELS.map(
        lambda levels: list({str(level): level for level in levels}.values())
    )
    return {name: draw(unique) for name in names}


@settings(max_examples=100, deadline=None, derandomize=True)
@given(made=factors(), data=st.data())
def test_what_is_crossed_is_what_itertools_and_the_patterns_say(
    made: dict[str, list[Any]], data: st.DataObject
) -> None:
    pattern = st.fixed_dictionaries(
        {}, optional={name: st.sampled_from(levels) for name, levels in made.items()}
    ).filter(bool)
    patterns = st.lists(pattern, min_size=1, max_size=3)
    wanted: dict[str, Any] = data.draw(
        st.fixed_dictionaries({}, optional={"include": patterns, "exclude": patterns})
    )
    size = min(map(len, made.values()))
    is_paired = data.draw(st.booleans())
    if is_paired:
        made = {name: levels[:size] for name, levels in made.items()}
    every = zip(*made.values(), strict=True) if is_paired else product(*made.values())
    expected = [
        combination
        for combination in (dict(zip(made, levels, strict=True)) for levels in every)
        if _fits(combination, wanted.get("include"), of_none=True)
        and not _fits(combination, wanted.get("exclude"), of_none=False)
    ]
    text = "\n".join(
        f"{key} = {inline(value)}" for key, value in {"factors": made, **wanted}.items()
    )
    text += '\nmode = "paired"' if is_paired else ""

    if not expected or any(
        level not in made[name]
        for key in wanted
        for it in wanted[key]
        for name, level in it.items()
    ):
        assert problems(text)
    else:
        rows = [{name: row[name] for name in made} for row in study(text).configs(1)]
        assert rows == expected


def _fits(
    combination: dict[str, Any], patterns: list[dict[str, Any]] | None, *, of_none: bool
) -> bool:
    if patterns is None:
        return of_none
    return any(
        all(str(combination[name]) == str(level) for name, level in pattern.items())
        for pattern in patterns
    )


def inline(value: object) -> str:
    """Return a value as TOML on one line."""
    if is_table(value):
        return (
            "{ "
            + ", ".join(f"{key} = {inline(it)}" for key, it in value.items())
            + " }"
        )
    if is_list(value):
        return f"[{', '.join(map(inline, value))}]"
    return json.dumps(value)


def test_over_the_period_each_combination_is_in_each_place_and_after_each_other() -> (
    None
):
    found = Study.read(
        BASE.replace(
            "[configuration]", '[configuration]\ngroups_strategy = "balanced_square"', 1
        )
        + '[[crossings]]\nname = "grid"\nfactors = { a = [1, 2, 3], b = [1, 2, 3] }'
    )
    orders = [found.names(at) for at in range(1, found.period + 1)]

    assert found.period == 18
    places = Counter((at, name) for order in orders for at, name in enumerate(order))
    assert (len(places), set(places.values())) == (81, {2})
    pairs = Counter(pair for order in orders for pair in pairwise(order))
    assert (len(pairs), set(pairs.values())) == (72, {2})
    levels = Counter(
        (at, name.split(":")[1]) for order in orders for at, name in enumerate(order)
    )
    assert (len(levels), set(levels.values())) == (27, {6})
