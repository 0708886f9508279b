"""The two experiments that are compared, and what is seen of each."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from recado_experiment import StudyError
from recado_experiment.session import UnknownParticipantError


class Kind(Protocol):
    """Tells what kind of an error one is, in words that both sides share."""

    def __call__(self, error: Exception) -> str: ...


def our_kind(error: Exception) -> str:
    match error:
        case UnknownParticipantError():
            return "participant"
        case StudyError():
            return "study"
        case FileNotFoundError():
            return "file"
        case TypeError():
            return "type"
        case _:
            raise error


def their_kind(error: Exception) -> str:
    match type(error).__name__:
        case "KeyError":
            return "participant"
        case "ExperimentServerException" if "is not set" in str(error):
            return "participant"
        case "FileNotFoundError":
            return "file"
        case "AssertionError" if "`block`" in str(error):
            return "type"
        case (
            "ExperimentServerConfigurationException"
            | "ExperimentServerException"
            | "TomlDecodeError"
            | "AssertionError"
            | "KeyError"
        ):
            return "study"
        case _:
            raise error


class Call(Protocol):
    """Something that is done to both."""

    def on(self, side: Side) -> object: ...


@dataclass
class Side:
    """One of the two experiments, and what it told of its files."""

    experiment: Any
    reload: Callable[[], object]
    kind: Kind

    def __post_init__(self) -> None:
        self.told: list[tuple[str, bool]] = []
        self.experiment.on_file_change_callback.append(self.hear_of_file)
        self.experiment.on_config_change_callback.append(self.hear_of_config)

    def hear_of_file(self, is_usable: bool) -> None:
        self.told.append(("file", is_usable))

    def hear_of_config(self, is_usable: bool) -> None:
        self.told.append(("config", is_usable))

    def answer(self, call: Call) -> object:
        """Return what a call gives, or the kind of the error that it raises."""
        try:
            given = call.on(self)
        except Exception as error:
            return ("raises", self.kind(error))
        return deepcopy(given)

    def seen(self) -> list[object]:
        """Return all that can be seen of it."""
        experiment = self.experiment
        states = [
            (
                number,
                state.participant_index,
                state.block_id,
                state.block,
                state.block_name,
                state.active,
                state.config,
                state.status_string(),
            )
            for number, state in experiment.global_state.items()
        ]
        default = experiment.default_participant_index
        return [*states, default, Path(experiment.config_file), self.told]
