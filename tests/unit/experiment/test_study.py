"""A study as a whole: participants, independence, verification."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.expansion import config
from recado_experiment import (
    Study,
    StudyError,
    StudyProblem,
    Verdict,
    functions,
    verify,
)
from recado_experiment.document.tables import is_list, is_table

Write = Callable[..., str]


@pytest.mark.parametrize("participant", [0, -1])
def test_participants_count_from_one(ordered: Write, participant: int) -> None:
    study = Study.read(ordered('order = ["a"]'))

    with pytest.raises(StudyError, match=f"{participant} is not a participant"):
        study.expand(participant)
    with pytest.raises(StudyError, match=f"{participant} is not a participant"):
        study.names(participant)


def test_configs_are_the_configs_of_the_blocks() -> None:
    study = Study.read(config())

    assert study.configs(3) == [block["config"] for block in study.expand(3)]
    assert [config["name"] for config in study.configs(3)] == study.names(3)


def test_the_measured_study_has_twenty_blocks_with_a_call_each() -> None:
    study = Study.read(config())

    assert [len(str(block["targets"])) > 0 for block in study.configs(1)] == [True] * 20
    assert study.warnings == ()
    assert study.period == 4


def test_what_a_caller_changes_nobody_else_sees() -> None:
    study = Study.read("""
        [configuration]
        order = ["a", "a"]
        [[blocks]]
        name = "a"
        note = { list = [1] }
        config = { list = [[1], 2], table = { list = [3] } }
    """)
    before = copy.deepcopy(study.expand(1))

    first, second = study.expand(1)
    empty(first)

    assert second == before[1]
    assert study.expand(1) == before


def empty(value: object) -> None:
    """Empty every table and array inside a value."""
    if is_table(value):
        for inner in list(value.values()):
            empty(inner)
        value.clear()
    elif is_list(value):
        for inner in list(value):
            empty(inner)
        value.clear()


def test_expansion_leaves_the_global_generator_alone() -> None:
    study = Study.read(config())
    before = random.getstate()

    study.expand(1)

    assert random.getstate() == before


def test_threads_can_share_a_study() -> None:
    study = Study.read(config())
    one_by_one = [study.expand(at) for at in range(1, 101)]

    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(study.expand, range(1, 101)))

    assert together == one_by_one


def test_a_verdict_names_the_blocks_or_the_problems() -> None:
    items = list(range(5))
    study = Study.read(f"""
        [configuration]
        order = ["a", "a", "a", "a", "a"]
        [[blocks]]
        name = "a"
        [blocks.config.p]
        function_name = "choices"
        args = [{items}]
        params = {{ unique = true }}
    """)

    verdicts = {
        verdict.participant: verdict for verdict in verify(study, range(1, 400))
    }

    assert len(verdicts) == 399
    fine = [verdict for verdict in verdicts.values() if verdict.is_fine]
    failed = [verdict for verdict in verdicts.values() if not verdict.is_fine]
    assert {verdict.names for verdict in fine} == {("a",) * 5}
    assert all(
        f"participant {one.participant}: " in one.problems[0].text for one in failed
    )
    assert len(failed) > 0


def test_verification_begins_with_the_first_five(ordered: Write) -> None:
    study = Study.read(ordered('order = ["a"]'))

    assert list(verify(study)) == [Verdict(at, ("a",)) for at in range(1, 6)]


def test_an_error_survives_pickling_with_its_lines() -> None:
    error = StudyError("x.toml", [StudyProblem("blocks[0]", "is wrong", 3)])

    again = pickle.loads(pickle.dumps(error))

    assert str(again) == "x.toml: line 3: blocks[0]: is wrong"
    assert again.problems == error.problems


def test_functions_are_registered_by_name() -> None:
    assert set(functions.keys()) >= {
        "choices",
        "normal",
        "randint",
        "sample",
        "sequence",
        "shuffle",
        "uniform",
    }
