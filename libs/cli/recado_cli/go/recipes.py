"""Where the recipes of a request are found: in the folder here, or with the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from recado.clients.lookup import recipe_of
from recado.errors import NotFoundError
from recado.recipe import Recipe, RecipeFolder
from recado.schemas.registry import RecipeEntry


@dataclass(frozen=True, slots=True)
class Folder:
    """The recipe folder; for a name that is a file's it says how a file is given."""

    folder: RecipeFolder

    def load(self, name: str) -> Recipe:
        """Return a recipe; raise NotFoundError or RecipeError."""
        if name.endswith(".json") and Path(name).is_file():
            raise NotFoundError(f"{name!r} is a file; give it with -f {name}")
        return self.folder.load(name)


@dataclass(frozen=True, slots=True)
class Told:
    """Recipes that the registry has told, by name."""

    entries: Mapping[str, RecipeEntry]

    def load(self, name: str) -> Recipe:
        """Return a recipe; raise RecipeError if something is wrong with it."""
        return recipe_of(self.entries[name])
