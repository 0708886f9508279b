"""Studies read like experiment-server 0.3.1, with ``compat = "0.3.1"``.

``compat-0.3.1-cases.json`` was recorded by running that release itself, on the same text,
for participants 1 to 12: blocks as it returned them, and the kind of error where it raised
one. What its TOML reader refuses was read by ``tomli`` for it.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import tomli
from jsonschema import Draft202012Validator

from recado_experiment import Study, StudyError, schema
from tests.unit.experiment.recorded import Case, case_id, recorded
from tests.unit.experiment.refusing import problems

Write = Callable[..., str]

CASES = recorded("compat-0.3.1-cases.json")


def expanded(study: Study, participants: list[str]) -> dict[str, str]:
    return {at: json.dumps(study.expand(int(at))) for at in participants}


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
def test_blocks_are_those_of_that_release_as_json_text(case: Case) -> None:
    found = expanded(Study.read(case["toml"]), list(case["participants"]))

    assert found == {
        at: json.dumps(blocks) for at, blocks in case["participants"].items()
    }


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
def test_the_schema_takes_what_that_release_took(case: Case) -> None:
    validator: Any = Draft202012Validator(schema())

    assert list(validator.iter_errors(tomli.loads(case["toml"]))) == []


@pytest.mark.parametrize(
    "settings",
    [
        "order = [1]",
        'order = { 1 = [["a"]] }',
        'compat = "0.3.1"\norder = { 1 = ["a"] }',
        'compat = "0.3.1"\norder = ["a", 1]',
        'compat = "0.3.2"\norder = ["a"]',
        "groups_strategy = 1",
        "",
    ],
)
def test_the_schema_knows_what_each_release_takes(
    ordered: Write, settings: str
) -> None:
    validator: Any = Draft202012Validator(schema())

    assert list(validator.iter_errors(tomli.loads(ordered(settings)))) != []


def test_the_recorded_studies_are_worth_it() -> None:
    differing = [case for case in CASES["valid"] if not case["is_like_0.3.9"]]

    assert len(CASES["valid"]) > 40
    assert len(differing) > 25
    assert all(len(case["participants"]) == 12 for case in CASES["valid"])


@pytest.mark.parametrize("case", CASES["valid"], ids=case_id)
def test_the_same_study_is_read_like_the_latest_release_without_it(
    case: Case,
) -> None:
    text = case["toml"].replace('compat = "0.3.1"', 'compat = "0.3.9"')
    recorded = {at: json.dumps(blocks) for at, blocks in case["participants"].items()}

    try:
        found = expanded(Study.read(text), list(case["participants"]))
    except StudyError:
        found = {}

    assert (found == recorded) is case["is_like_0.3.9"]


@pytest.mark.parametrize("case", CASES["invalid"], ids=case_id)
def test_what_that_release_refused_is_refused(case: Case) -> None:
    assert all(problem.startswith("line ") for problem in problems(case["toml"]))


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        (
            '"0.3.10"',
            "no release '0.3.10'; did you mean '0.3.1'? known: 0.3.1, 0.3.9",
        ),
        ('"latest"', "no release 'latest'; known: 0.3.1, 0.3.9"),
        ("0.3", "has to be the text of a release, not a float; known: 0.3.1, 0.3.9"),
    ],
)
def test_only_known_releases_can_be_named(
    ordered: Write, release: str, expected: str
) -> None:
    assert problems(ordered(f'order = ["a"]\ncompat = {release}')) == [
        f"line 3: configuration.compat: {expected}"
    ]


EARLIER = 'compat = "0.3.1"\n'
SHORT = '[configuration]\ncompat = "0.3.1"\norder = [{}]\n'
HELLO = '[[init_blocks]]\nname = "hello"\nconfig = {}\n'


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        (
            'order = ["a", 1]',
            ["order: has names and places of blocks; it takes one or the other"],
        ),
        (
            "order = [0, 7]",
            ["order[1]: no block at 7; places count from 0, and there are 3 blocks"],
        ),
        (
            "order = [1.0, true]",
            [
                "order[0]: has to be the name or the place of a block, not a float (1.0)",
                "order[1]: has to be the name or the place of a block, not a boolean"
                " (True)",
            ],
        ),
        ("order = [[]]", ["order: is empty, and compat '0.3.1' needs a block"]),
        (
            'order = { 1 = [["a"]], 2 = [[], []] }',
            ["order.2: is empty, and compat '0.3.1' needs a block"],
        ),
        (
            'order = { 1 = ["a"], 2 = "b" }',
            [
                "order.1: has to be an array of groups, [[...]], with compat '0.3.1',"
                " not an array (['a'])",
                "order.2: has to be an array of groups, [[...]], with compat '0.3.1',"
                " not a text ('b')",
            ],
        ),
        (
            'within_groups = "latin_square"\norder = { 1 = [["a", "b"], ["c"]] }',
            [
                "order.1: has groups of different sizes, and a latin square within"
                " them needs one size (sizes: 2, 1)"
            ],
        ),
        (
            'order = ["a"]\ngroups = "latin"',
            [
                "groups: no strategy 'latin'; did you mean 'latin_square'? known: as_is,"
                " balanced_square, latin_square, randomize, williams"
            ],
        ),
    ],
)
def test_an_order_that_that_release_does_not_take_is_explained(
    ordered: Write, settings: str, expected: list[str]
) -> None:
    found = problems(ordered(EARLIER + settings))

    assert [text.split(": configuration.")[1] for text in found] == expected


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        (
            "[[init_blocks]]\nname = 7\nconfig = {}\n",
            "line 8: init_blocks[0].name: has to be a text, not an integer (7)",
        ),
        (
            "[init_blocks]\nname = 7\n",
            "line 7: init_blocks: has to be an array of tables, [[init_blocks]], not a"
            " table",
        ),
        (
            '[[blocks]]\nname = "a"\nconfig = {}\n',
            "line 8: blocks[1].name: 'a' is the name of blocks[0] as well",
        ),
    ],
)
def test_blocks_without_a_name_of_their_own_are_refused(
    blocks: str, expected: str
) -> None:
    text = SHORT.format("0") + '[[blocks]]\nname = "a"\nconfig = {}\n' + blocks

    assert problems(text) == [expected]


def test_an_edge_block_with_the_name_of_another_is_warned_of() -> None:
    other = '[[final_blocks]]\nname = "hello"\nconfig = { x = 1 }\n'
    study = Study.read(
        SHORT.format("0")
        + '[[blocks]]\nname = "a"\nconfig = {}\n'
        + HELLO
        + HELLO
        + other
    )

    assert study.names(1) == ["hello", "hello", "a", "hello"]
    assert [config.get("x") for config in study.configs(1)] == [1, 1, None, 1]
    assert [str(warning) for warning in study.warnings] == [
        "line 14: final_blocks[0].name: 'hello' is the name of init_blocks[1] as well;"
        " this block stands for both",
    ]


def test_a_place_counts_blocks_without_a_name_as_well() -> None:
    text = SHORT.format("2") + (
        "[[blocks]]\nconfig = {}\n" + '[[blocks]]\nname = "a"\nconfig = {}\n'
    )

    assert problems(text) == [
        "line 3: configuration.order[0]: no block at 2; places count from 0, and there"
        " are 2 blocks",
        "line 4: blocks[0]: has no 'name'; the order names it",
    ]
    assert problems(text.replace("[2]", "[0, 1]")) == [
        "line 4: blocks[0]: has no 'name'; the order names it"
    ]


def test_what_that_release_does_not_read_is_warned_of(ordered: Write) -> None:
    study = Study.read(
        ordered(
            EARLIER + 'order = ["a"]\ngroups = "as_is"\ngroups_strategy = "as_is"\n'
            'init_blocks = ["b"]\nseed = 1'
        )
    )

    assert study.names(1) == ["a"]
    assert [str(warning) for warning in study.warnings] == [
        "line 5: configuration.groups_strategy: is not read with compat '0.3.1'; write"
        " 'groups'",
        "line 6: configuration.init_blocks: is not read with compat '0.3.1'; write whole"
        " blocks, [[init_blocks]]",
        "line 7: configuration.seed: 'seed' is not used; known: compat, expand_arrays,"
        " groups, order, random_seed, variables, within_groups",
    ]


def test_whole_init_blocks_are_not_used_by_the_latest_release(ordered: Write) -> None:
    study = Study.read(ordered('order = ["a"]') + HELLO)

    assert study.names(1) == ["a"]
    assert [warning.path for warning in study.warnings] == ["init_blocks"]


def test_rows_within_groups_change_with_each_participant(ordered: Write) -> None:
    text = ordered(
        EARLIER + 'order = [["a", "b"], ["c", "a"]]\ngroups = "latin_square"\n'
        'within_groups = "latin_square"'
    )
    study = Study.read(text)

    assert ["".join(study.names(at)) for at in (1, 2, 3)] == ["abca", "acba", "abca"]
    assert study.period == 2


def test_functions_and_strategies_of_recado_work_with_it(ordered: Write) -> None:
    text = ordered(EARLIER + 'order = [[0, 1, 2]]\nwithin_groups = "williams"')

    assert Study.read(text).period == 6
