"""Where recipes are found by name: in the folder, or else in the registry."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from recado.clients.lookup import Lookup, recipe_of
from recado.errors import (
    NotFoundError,
    RecipeError,
    RemoteError,
    RequestTimeoutError,
    UnroutableError,
)
from recado.recipe import Recipe
from recado_dispatcher.reading import FolderReader, Loaded
from recado_dispatcher.waiting import NotYet

_KEPT: Final = 256
"""Recipes of the registry that are kept, so that they need not travel each time."""


@dataclass(frozen=True, slots=True)
class Found:
    """The recipes that one request names, or why they are not there."""

    recipes: Mapping[str, Loaded]

    @property
    def steps(self) -> int:
        """How many steps they have together."""
        return sum(len(x.raw) for x in self.recipes.values() if isinstance(x, Recipe))

    def load(self, name: str) -> Recipe:
        """Return a recipe; raise why there is none."""
        found = self.recipes[name]
        if isinstance(found, Recipe):
            return found
        raise found


class Sources:
    """Finds recipes: the folder's count first, as they are at this moment."""

    def __init__(self, folder: FolderReader, registry: Lookup) -> None:
        self._folder = folder
        self._registry = registry
        self._kept: dict[str, tuple[str, Recipe]] = {}

    async def find(self, names: Sequence[str]) -> Found:
        """Return the recipes of these names, and of the others why there are none.

        Raises:
            NotYet: if the folder has not all of them, and the registry is away.
        """
        recipes = await self._folder.load(dict.fromkeys(names))
        missing = {
            name: error
            for name, error in recipes.items()
            if isinstance(error, NotFoundError)
        }
        if missing:
            asked = (self._asked(name, error) for name, error in missing.items())
            recipes |= zip(missing, await asyncio.gather(*asked), strict=True)
        return Found(recipes)

    async def _asked(self, name: str, missing: NotFoundError) -> Loaded:
        digest, kept = self._kept.get(name, ("", None))
        try:
            reply = await self._registry.recipe(name, known=digest)
        except UnroutableError:
            return missing  # there never was a registry
        except NotFoundError as error:
            same = str(error) == str(missing)
            text = str(error) if same else f"{missing}; in the registry: {error}"
            return NotFoundError(text)
        except (RequestTimeoutError, RemoteError) as error:
            text = f"recipe {name!r} is not in the folder; the registry: {error}"
            raise NotYet("no_registry", text) from error
        if kept is not None and reply.document is None and not reply.problems:
            return kept
        try:
            return self._keep(name, reply.digest, recipe_of(reply))
        except RecipeError as error:
            return error

    def _keep(self, name: str, digest: str, recipe: Recipe) -> Recipe:
        self._kept.pop(name, None)
        self._kept[name] = digest, recipe
        if len(self._kept) > _KEPT:
            del self._kept[next(iter(self._kept))]
        return recipe
