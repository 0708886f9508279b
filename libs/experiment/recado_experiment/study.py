"""A study: a configuration that is read once and expanded for each participant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from recado_experiment.calls.stream import Stream
from recado_experiment.errors import DrawError, StudyError, StudyProblem, refusal
from recado_experiment.plan import Plan, prepare

if TYPE_CHECKING:
    from recado.message import Json


@dataclass(frozen=True, slots=True)
class Study:
    """A study's configuration, checked and prepared; made by ``Study.read``.

    It never changes, and each expansion has a stream of chance of its own: threads and
    tasks can share it. What it returns belongs to the caller.
    """

    name: str
    warnings: tuple[StudyProblem, ...]
    _plan: Plan = field(repr=False, compare=False)

    @classmethod
    def read(cls, text: str | bytes, name: str = "study") -> Study:
        """Read, check and prepare a study; ``name`` is what errors call it.

        Raises:
            StudyError: with every problem, its path, and its line where that is known.
        """
        plan = prepare(text, name)
        return cls(name, plan.warnings, plan)

    @property
    def period(self) -> int:
        """The number of participants after which what chance has no part in repeats.

        With latin squares and tables alone, only whole multiples of it are balanced.
        """
        return self._plan.sequence.period

    @property
    def is_shuffled(self) -> bool:
        """Whether chance has a part in the order of the blocks, init and final ones apart."""
        return self._plan.sequence.order.is_shuffled

    def expand(self, participant: int) -> list[dict[str, Json]]:
        """Return a participant's blocks in their order, functions called.

        Raises:
            StudyError: for a participant below 1, or a call that finds no value.
        """
        stream, names = self._begin(participant)
        templates = self._plan.templates
        try:
            return [
                templates[name].filled(stream, participant, index)
                for index, name in enumerate(names)
            ]
        except DrawError as error:
            text = f"participant {participant}: {error.text}"
            problem = self._plan.places.problem(error.path, text)
            raise StudyError(self.name, [problem]) from error

    def configs(self, participant: int) -> list[dict[str, Json]]:
        """Return only the ``config`` of each of a participant's blocks.

        Raises:
            StudyError: as ``expand`` does.
        """
        blocks = self.expand(participant)
        return [cast("dict[str, Json]", block["config"]) for block in blocks]

    def names(self, participant: int) -> list[str]:
        """Return the names of a participant's blocks in their order.

        Raises:
            StudyError: for a participant below 1.
        """
        return self._begin(participant)[1]

    def stream(self, participant: int) -> float:
        """Return the seed of a participant's stream of chance."""
        return self._plan.seed + participant

    def order(self, participant: int) -> list[str]:
        """Return the names of a participant's blocks without init and final ones.

        Raises:
            StudyError: for a participant below 1.
        """
        stream = self._stream(participant)
        return self._plan.sequence.order.names(participant, stream)

    def _begin(self, participant: int) -> tuple[Stream, list[str]]:
        stream = self._stream(participant)
        return stream, self._plan.sequence.names(participant, stream)

    def _stream(self, participant: int) -> Stream:
        if participant < 1:
            text = f"{participant} is not a participant; they count from 1"
            raise refusal(self.name, "participant", text)
        return Stream(self.stream(participant), participant)
