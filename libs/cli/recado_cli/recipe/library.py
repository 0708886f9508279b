"""Recipes by their names, or in files; and what is found when they are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recado.config import Settings
from recado.errors import NotFoundError, Problem, RecipeError
from recado.recipe import Findings, Recipe, RecipeFolder, check, read_recipe


@dataclass(frozen=True, slots=True)
class Look:
    """What was found in a recipe, and the recipe itself if it can be run."""

    name: str
    findings: Findings
    recipe: Recipe | None = None

    def warned(self, more: tuple[Problem, ...]) -> Look:
        """Return the look with more warnings."""
        errors, warnings = self.findings.errors, self.findings.warnings
        return replace(self, findings=Findings(errors, (*warnings, *more)))

    def to_json(self) -> dict[str, Any]:
        """Return the findings as they are printed."""
        return {
            "recipe": self.name,
            "version": self.recipe.version or None if self.recipe else None,
            "errors": list(_listed(self.findings.errors)),
            "warnings": list(_listed(self.findings.warnings)),
        }


class Library:
    """The recipe folder of the settings, and whatever file is named."""

    def __init__(self, settings: Settings) -> None:
        self.folder = RecipeFolder(settings.recipes)

    def names(self) -> list[str]:
        """Return the names of the folder's recipes."""
        return self.folder.names()

    def load(self, name: str) -> Recipe:
        """Return the recipe of a name, or in a file.

        Raises:
            RecipeError: with every problem of the recipe.
            NotFoundError: if the folder has no recipe of that name.
            OSError: if the file cannot be read.
        """
        if is_file(name):
            return read_recipe(Path(name).read_bytes(), Path(name).name)
        return self.folder.load(name)

    def look(self, name: str) -> Look:
        """Return what is found in a recipe; nothing that is wrong with it is raised."""
        try:
            recipe = self.load(name)
        except RecipeError as error:
            # Of a file the warnings can be told as well.
            return Look(name, _checked_file(name) or Findings(error.problems))
        except NotFoundError as error:
            return Look(name, Findings((Problem("", str(error)),)))
        except OSError as error:
            problem = Problem("", f"cannot be read: {error.strerror}")
            return Look(name, Findings((problem,)))
        return Look(name, check(recipe, name), recipe)


def is_file(name: str) -> bool:
    """Say whether it is a file's name; else it is a recipe's."""
    return name.endswith(".json") or "/" in name


def _checked_file(name: str) -> Findings | None:
    return check(Path(name).read_bytes(), name) if is_file(name) else None


def _listed(problems: tuple[Problem, ...]) -> Iterator[dict[str, str]]:
    return ({"path": problem.path, "text": problem.text} for problem in problems)
