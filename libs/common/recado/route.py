"""Where a step's messages go, and how: by its recipe, which nobody need have checked."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

from recado.errors import Problem, RecipeError
from recado.message import NORMAL
from recado.recipe import RecipeStep

_OWN: Final = frozenset({"priority", "reports"})


@dataclass(slots=True)
class Route:
    """Where a step's messages go, and how."""

    body: Callable[[object], bytes]
    """Makes a body from a payload."""
    queue: str | None
    topic: str | None
    exchange: str
    delay_s: float
    priority: int
    is_counted: bool
    """Whether the step's service reports what it handled."""

    @classmethod
    def to(cls, step: RecipeStep, body: Callable[[object], bytes]) -> Route:
        """Return the route to a step of a recipe, which nobody need have checked.

        Raises:
            RecipeError: if the step says nowhere to send to.
        """
        queue, topic = step.queue, step.topic
        if not (queue or topic):
            text = "no queue and no topic: what is sent to this step is lost"
            raise RecipeError("recipe", [Problem(str(step.id), text)])
        priority, reports = NORMAL, True
        if not _OWN.isdisjoint(step.raw):
            # Another program's recipe may mean something else by these.
            with suppress(RecipeError):
                priority = NORMAL if step.priority is None else step.priority
            with suppress(RecipeError):
                reports = step.reports
        delay_s, exchange = step.delay_s or 0.0, step.exchange or ""
        return cls(body, queue, topic, exchange, delay_s, priority, reports)
