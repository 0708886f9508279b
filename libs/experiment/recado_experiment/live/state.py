"""One participant of an experiment, seen by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from recado.message import Json
    from recado_experiment.live.experiment import Experiment

Block: TypeAlias = "dict[str, Json]"
"""A block, expanded: ``name``, ``config``, and whatever else its table has."""


class ParticipantState:
    """A view of one participant: it tells, and moves, what the experiment holds."""

    def __init__(self, experiment: Experiment, participant_index: int) -> None:
        self._experiment = experiment
        self._participant = participant_index

    @property
    def participant_index(self) -> int:
        """Who it is; they count from 1."""
        return self._participant

    @property
    def block_id(self) -> int:
        """The position from 0; -1 before the first block, their number after the last.

        It can be set to any integer: below 0 is before the first, beyond is the end.
        """
        return self._experiment.get_place(self._participant).position

    @block_id.setter
    def block_id(self, block_id: int) -> None:
        self._experiment.move_to_block(block_id, self._participant)

    @property
    def active(self) -> bool:
        """Whether the participant is in a block."""
        return self._experiment.get_state(self._participant)

    @property
    def config(self) -> list[Block]:
        """The participant's blocks, as ``Experiment.get_blocks`` gives them."""
        return self._experiment.get_blocks(self._participant)

    @property
    def block(self) -> Block | None:
        """The block that the participant is in; None before the first, after the last."""
        return self._experiment.get_block(self._participant)

    @property
    def block_name(self) -> str:
        """The block's name; ``START`` before the first one, ``END`` after the last."""
        return self._experiment.get_place(self._participant).name

    def move_to_next_block(self) -> str:
        """Move the participant on; return the block's name, or ``END``."""
        return self._experiment.move_to_next(self._participant)

    def status_string(self) -> str:
        """Return where the participant is, for people to read, in three lines."""
        return self._experiment.get_place(self._participant).status
