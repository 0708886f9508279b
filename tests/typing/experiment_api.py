"""What type checkers know of Experiment; this file is checked and never run."""

from __future__ import annotations

from pathlib import Path
from typing import assert_type

from recado.message import Json
from recado_experiment import Experiment, ParticipantState


def told(is_usable: bool) -> None:
    assert_type(is_usable, bool)


def main() -> None:
    with Experiment("study.toml", default_participant_index=2) as experiment:
        experiment.on_file_change_callback.append(told)
        experiment.on_config_change_callback.append(print)
        assert_type(experiment.move_to_next(), str)
        assert_type(experiment.move_to_block(1, 2), str)
        assert_type(experiment.get_config(), dict[str, Json] | None)
        assert_type(experiment.get_all_configs(2), list[dict[str, Json]])
        assert_type(experiment.add_participant_index(3), bool)
        assert_type(experiment.get_next_participant(), int)
        assert_type(experiment.global_state, dict[int, ParticipantState])
        assert_type(experiment.config_file, Path)
        experiment.config_file = "other.toml"
        state = experiment.get_participant_state(None)
        assert_type(state.block_id, int)
        assert_type(state.config, list[dict[str, Json]])
        state.block_id = 4
