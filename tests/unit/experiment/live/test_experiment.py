"""An experiment in memory: its methods, its participants, and who may use it together."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from recado_experiment import Experiment, StudyError
from recado_experiment.session import Place, UnknownParticipantError
from tests.unit.experiment.lengths import CHANCY, UNLUCKY, study_of
from tests.unit.experiment.live.unwatched import Unwatched


@pytest.fixture(autouse=True)
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have no file followed: that has its own tests."""
    monkeypatch.setattr("recado_experiment.live.experiment.Watch", Unwatched)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A study's file; three blocks for odd participants, two for even ones."""
    file = tmp_path / "study.toml"
    file.write_text(study_of(3, 2))
    return file


@pytest.fixture
def experiment(file: Path) -> Generator[Experiment]:
    with Experiment(file) as experiment:
        yield experiment


def test_the_default_participant_is_there_from_the_start(file: Path) -> None:
    with Experiment(str(file), default_participant_index=4) as experiment:
        assert experiment.default_participant_index == 4
        assert list(experiment.global_state) == [4]
        assert experiment.config_file == file
        assert experiment.get_blocks_count() == 2


def test_an_experiment_goes_from_start_to_end(experiment: Experiment) -> None:
    names = [experiment.move_to_next() for _ in range(5)]

    assert names == ["b0", "b1", "b2", "END", "END"]


def test_a_config_is_there_while_a_block_is(experiment: Experiment) -> None:
    seen: list[object] = [experiment.get_config()]
    for _ in range(4):
        experiment.move_to_next()
        config = experiment.get_config()
        seen.append(config and config["block_id"])

    assert seen == [None, 0, 1, 2, None]


def test_a_participant_is_active_while_in_a_block(experiment: Experiment) -> None:
    seen = [experiment.get_state()]
    for _ in range(4):
        experiment.move_to_next()
        seen.append(experiment.get_state())

    assert seen == [False, True, True, True, False]


def test_all_configs_are_those_of_the_participant(experiment: Experiment) -> None:
    experiment.add_participant_index(2)

    assert experiment.get_all_configs(2) == [
        {"x": 0, "participant_index": 2, "name": "b0", "block_id": 0},
        {"x": 0, "participant_index": 2, "name": "b1", "block_id": 1},
    ]
    assert len(experiment.get_all_configs()) == experiment.get_blocks_count() == 3


def test_participants_are_added_by_number_or_after_the_highest(
    experiment: Experiment,
) -> None:
    assert experiment.add_participant_index(7) is True
    assert experiment.add_participant_index(7) is False
    assert experiment.get_next_participant() == 8
    assert list(experiment.global_state) == [1, 7, 8]


@pytest.mark.parametrize(
    ("block_id", "name"), [(0, "b0"), (2, "b2"), (3, "END"), (9, "END"), (-4, "START")]
)
def test_a_move_to_a_block_is_clamped(
    experiment: Experiment, block_id: int, name: str
) -> None:
    assert experiment.move_to_block(block_id) == name
    assert experiment.get_participant_state().block_name == name


def test_everybody_is_moved_and_the_first_one_s_block_is_told(
    experiment: Experiment,
) -> None:
    experiment.add_participant_index(2)

    assert experiment.move_all_to_block(2) == "b2"
    states = experiment.global_state.values()
    assert [state.block_name for state in states] == ["b2", "END"]


@pytest.mark.parametrize("block_id", ["1", 1.0, None])
def test_a_block_s_position_is_an_integer(
    experiment: Experiment, block_id: int
) -> None:
    with pytest.raises(TypeError, match="a block's position is an integer"):
        experiment.move_to_block(block_id)
    with pytest.raises(TypeError, match="a block's position is an integer"):
        experiment.move_all_to_block(block_id)


def test_a_position_that_was_true_is_one(experiment: Experiment) -> None:
    experiment.move_to_block(True)

    assert "Block: 1 / 3" in experiment.get_participant_state(1).status_string()


ASKED: list[Callable[[Experiment], object]] = [
    lambda experiment: experiment.get_participant_state(8),
    lambda experiment: experiment.get_place(8),
    lambda experiment: experiment.get_state(8),
    lambda experiment: experiment.move_to_next(8),
    lambda experiment: experiment.move_to_block(1, 8),
    lambda experiment: experiment.get_config(8),
    lambda experiment: experiment.get_all_configs(8),
    lambda experiment: experiment.get_blocks(8),
    lambda experiment: experiment.get_block(8),
    lambda experiment: experiment.get_blocks_count(8),
    lambda experiment: experiment.reset_participant(8),
]


@pytest.mark.parametrize("ask", ASKED)
def test_who_was_never_added_is_refused(
    experiment: Experiment, ask: Callable[[Experiment], object]
) -> None:
    with pytest.raises(UnknownParticipantError, match="no participant 8"):
        ask(experiment)


def test_a_default_participant_who_is_not_there_is_added(
    experiment: Experiment,
) -> None:
    experiment.default_participant_index = 5

    assert list(experiment.global_state) == [1, 5]
    assert experiment.move_to_next() == "b0"
    assert experiment.get_place(5).is_active
    assert not experiment.get_place(1).is_active


def test_a_default_participant_who_cannot_be_is_refused(
    experiment: Experiment,
) -> None:
    with pytest.raises(StudyError, match="0 is not a participant"):
        experiment.default_participant_index = 0

    assert experiment.default_participant_index == 1


def test_who_cannot_be_served_is_not_added(tmp_path: Path) -> None:
    file = tmp_path / "chancy.toml"
    file.write_text(CHANCY)
    with Experiment(file, default_participant_index=UNLUCKY[0] - 1) as experiment:
        with pytest.raises(StudyError, match=f"participant {UNLUCKY[0]}: "):
            experiment.get_next_participant()

        assert list(experiment.global_state) == [UNLUCKY[0] - 1]


def test_a_state_is_a_view_of_its_participant(experiment: Experiment) -> None:
    state = experiment.get_participant_state(1)

    assert (state.participant_index, state.block_id, state.active) == (1, -1, False)
    assert (state.block, state.block_name) == (None, "START")
    assert state.move_to_next_block() == "b0"
    assert (state.block_id, state.active, state.block_name) == (0, True, "b0")
    assert state.block == state.config[0] == experiment.get_blocks()[0]
    assert state.config[0]["name"] == "b0"
    assert experiment.get_place() == Place(1, 0, 3, "b0", False)


@pytest.mark.parametrize(
    ("block_id", "held", "active"), [(1, 1, True), (-5, -1, False), (50, 3, False)]
)
def test_a_state_can_be_put_to_a_block(
    experiment: Experiment, block_id: int, held: int, active: bool
) -> None:
    state = experiment.get_participant_state(1)

    state.block_id = block_id

    assert (state.block_id, state.active) == (held, active)


def test_a_state_tells_its_status(experiment: Experiment) -> None:
    state = experiment.get_participant_state(None)

    assert state.status_string() == (
        "Participant index: 1    \nBlock: -1 / 3    \n Name: N/A"
    )


def test_without_a_number_the_default_participant_s_state_is_meant(
    experiment: Experiment,
) -> None:
    experiment.default_participant_index = 2

    assert experiment.get_participant_state().participant_index == 2


def test_what_is_changed_in_a_config_stays_until_the_participant_is_reset(
    experiment: Experiment,
) -> None:
    experiment.add_participant_index(3)
    for participant in (1, 3):
        experiment.move_to_next(participant)
        config = experiment.get_config(participant)
        assert config is not None
        config["x"] = "mine"

    assert experiment.get_all_configs(1)[0]["x"] == "mine"
    assert experiment.reset_participant(1) is True
    assert experiment.get_all_configs(1)[0]["x"] == 0
    assert experiment.get_all_configs(3)[0]["x"] == "mine"


def test_who_empties_a_list_of_blocks_empties_no_other(experiment: Experiment) -> None:
    experiment.get_participant_state(1).config.clear()
    experiment.global_state.clear()

    assert len(experiment.get_participant_state(1).config) == 3


def test_threads_never_get_one_number_twice(experiment: Experiment) -> None:
    with ThreadPoolExecutor(8) as pool:
        added = [pool.submit(experiment.get_next_participant) for _ in range(200)]

    assert sorted(one.result() for one in added) == list(range(2, 202))


def test_no_move_of_many_threads_is_lost(tmp_path: Path) -> None:
    file = tmp_path / "long.toml"
    file.write_text(study_of(300))
    with Experiment(file) as experiment, ThreadPoolExecutor(8) as pool:
        moves = [pool.submit(experiment.move_to_next) for _ in range(200)]

        assert sorted(one.result() for one in moves) == sorted(
            f"b{index}" for index in range(200)
        )
        assert experiment.get_place().position == 199
