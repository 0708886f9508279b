"""Where a recipe sends to, compared with what is there now."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from recado.errors import Problem
from recado.recipe.model import Recipe
from recado.recipe.step import RecipeStep
from recado.recipe.values import Flaws, Trail, hint, shown

_MAX_HINTS: Final = 20


def unknown_places(
    recipe: Recipe, queues: Collection[str], services: Collection[str]
) -> tuple[Problem, ...]:
    """Return a warning for each queue that nobody consumes, and each service that
    nobody runs.

    A step's ``service`` is a label for people, so its case does not matter. A name that
    is still to be filled in is passed over.
    """
    search = _Search(queues, services)
    for step in recipe.steps.values():
        search.look_at(step)
    return search.flaws.problems()


class _Search:
    def __init__(self, queues: Collection[str], services: Collection[str]) -> None:
        self.queues = queues
        self.services = services
        self.running = {name.casefold() for name in services}
        self.flaws = Flaws()

    def look_at(self, step: RecipeStep) -> None:
        trail: Trail = (None, str(step.id))
        if (queue := step.queue) and "{" not in queue and queue not in self.queues:
            text = f"nobody consumes the queue {shown(queue)}"
            self.flaws.add((trail, "queue"), text + self._hint(queue, self.queues))
        label = step.service or ""
        if label and "{" not in label and label.casefold() not in self.running:
            text = f"no service {shown(label)} is running"
            self.flaws.add((trail, "service"), text + self._hint(label, self.services))

    def _hint(self, name: str, known: Collection[str]) -> str:
        # Each hint is a search of its own, and a recipe may have thousands of steps.
        return hint(name, known) if len(self.flaws) < _MAX_HINTS else ""
