"""What a job may say on its line: each thing a model, told apart by its key."""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias, cast

from pydantic import BaseModel, ConfigDict, Field

from recado.errors import Problem, SchemaError
from recado.recipe.reading import MAX_DELAY_S
from recado.validation import validated


class Saying(BaseModel):
    """The root of these models; what has an ``n`` is answered."""

    model_config = ConfigDict(extra="forbid")

    n: int | None = None


Delay: TypeAlias = Annotated[float, Field(ge=0, le=MAX_DELAY_S)]


class Send(Saying):
    """A message to an output of the job's step; to the unnamed one if it is empty."""

    send: str
    payload: Any = None
    delay_s: Delay | None = None
    headers: dict[str, str] = Field(default_factory=dict[str, str])


class Checkpoint(Saying):
    """A message to the job's own step."""

    checkpoint: Any
    delay_s: Delay = 0.0


class Task(Saying):
    """What the heartbeats say that is being done."""

    task: str = Field(max_length=200)


class Ended(Saying):
    """The job's own word on how it ended; all its outputs are sent."""

    ended: bool
    text: str = ""


_KINDS: Final[dict[str, type[Send | Checkpoint | Task | Ended]]] = {
    "send": Send,
    "checkpoint": Checkpoint,
    "task": Task,
    "ended": Ended,
}


def number_of(said: Any) -> int | None:
    """Return the number under which something said wants to be answered."""
    n: object = cast("dict[str, Any]", said).get("n") if isinstance(said, dict) else 0
    return n if isinstance(n, int) and not isinstance(n, bool) and n > 0 else None


def understood(said: Any) -> Send | Checkpoint | Task | Ended:
    """Return what a job said.

    Raises:
        SchemaError: with every problem.
    """
    fields = cast("dict[str, Any]", said) if isinstance(said, dict) else {}
    kinds = [kind for key, kind in _KINDS.items() if key in fields]
    if len(kinds) != 1:
        wanted = ", ".join(_KINDS)
        text = f"must be an object with one of {wanted}, not {said!r:.80}"
        raise SchemaError("the job's line", [Problem("", text)])
    return validated(kinds[0], fields, "the job's line")
