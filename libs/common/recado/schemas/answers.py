"""What answers of several services have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from recado.errors import Problem


class Answer(BaseModel):
    """The root of answers: unknown keys are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


class ProblemEntry(Answer):
    """One thing that is wrong with a recipe, or a study."""

    path: str
    text: str

    @classmethod
    def of(cls, problem: Problem) -> ProblemEntry:
        """Return a problem as it is answered."""
        return cls(path=problem.path, text=problem.text)
