"""A job's assignment: the envelope that came with it, read and checked before it starts.

It is Zocalo's: what a service that submits jobs writes to a file, and the job is given
with ``--recipewrapper``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final, cast

from pydantic import BaseModel, ConfigDict, Field

from recado.envelope import Envelope
from recado.errors import Problem, ProblemsError, RecipeError, SchemaError
from recado.ids import as_id, derived_id
from recado.message import ID, Message, decode, encode
from recado.recipe.step import RecipeStep
from recado.step import Step
from recado.validation import validated
from recado.wrapping.results import pattern_problems

_WHAT: Final = "recipe wrapper"


class Wishes(BaseModel):
    """What the step's ``wrapper`` asks of us; what else it says is the job's business."""

    model_config = ConfigDict(extra="ignore")

    task_information: Any = None
    time_limit_s: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    results: Any = None


@dataclass(frozen=True, slots=True)
class Assignment:
    """What a job was submitted with; ``id`` names the job, and all its ids derive from it."""

    id: str
    document: Mapping[str, Any]
    envelope: Envelope
    wishes: Wishes
    channels: frozenset[str | None]
    """The step's outputs; none is the unnamed one."""

    @classmethod
    def read(cls, text: bytes) -> Assignment:
        """Return the assignment that a file holds.

        The same file is the same job: one that is run again sends the same messages.

        Raises:
            SchemaError: with every problem of the envelope.
            RecipeError: with every problem of the step's outputs.
        """
        document = decode(text)
        envelope = Envelope.read(Message(text, {}))
        channels = _channels(envelope)
        return cls(
            _job_id(document, text), document, envelope, _wishes(envelope), channels
        )

    @property
    def results(self) -> list[str]:
        """The patterns of the result files that the recipe wants to be told of."""
        return list(self.wishes.results or [])


def document_for(message: Message) -> bytes:
    """Return what a service writes to the file of the job that it submits for a message.

    It is the message's body, and the message's id beside: so two jobs with the same
    content are told apart, and a job that is submitted twice for one message is not.

    Raises:
        SchemaError: if it is no recipe message's.
    """
    Envelope.read(message)
    return encode({**decode(message.body), ID: message.id})


def _job_id(document: Mapping[str, Any], text: bytes) -> str:
    given: object = document.get(ID)
    if isinstance(given, str) and given:
        return derived_id(as_id(given), "job")
    return as_id(f"job/{sha256(text).hexdigest()}")


def _wishes(envelope: Envelope) -> Wishes:
    given: object = envelope.step.get("wrapper")
    path = f"recipe.{envelope.pointer}.wrapper"
    if not isinstance(given, dict):
        return Wishes()
    wishes = validated(Wishes, cast("object", given), _WHAT, path)
    if wishes.results is not None:
        problems = [
            Problem(f"{path}.results{each.path}", each.text)
            for each in pattern_problems(wishes.results)
        ]
        if problems:
            raise SchemaError(_WHAT, problems)
    return wishes


def _channels(envelope: Envelope) -> frozenset[str | None]:
    outputs = RecipeStep(envelope.pointer, envelope.step).outputs
    problems: list[Problem] = []
    for channel in outputs:
        # Sent to nobody: what cannot be sent is to be known before the work begins.
        probe = Step(Message(b"", {ID: as_id("")}), envelope)
        try:
            probe.send(None) if channel is None else probe.send_to(channel, None)
        except ProblemsError as error:
            problems += error.problems
    if problems:
        raise RecipeError(_WHAT, problems)
    return frozenset(outputs)
