"""Ask the registry: which services are alive, and what a name stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pydantic import BaseModel

from recado.errors import NotFoundError, Problem, RecipeError
from recado.requests import ask
from recado.schemas.registry import (
    LOOKUP,
    RECIPES,
    REGISTRY_QUEUE,
    SERVICES,
    STUDIES,
    Kind,
    LookupReply,
    LookupRequest,
    RecipeEntry,
    RecipesReply,
    RecipesRequest,
    ServicesReply,
    ServicesRequest,
    StudiesReply,
    StudiesRequest,
    StudyEntry,
)
from recado.transport.base import Transport

if TYPE_CHECKING:
    from recado.recipe import Recipe

M = TypeVar("M", bound=BaseModel)


def recipe_of(entry: RecipeEntry) -> Recipe:
    """Return the recipe that was looked up as a whole.

    Raises:
        RecipeError: with every problem of the recipe.
    """
    from recado.recipe import Recipe

    if entry.problems:
        problems = [Problem(each.path, each.text) for each in entry.problems]
        raise RecipeError(f"recipe {entry.name}", problems)
    return Recipe.read(entry.document, entry.name)


class Lookup:
    """The registry as others see it; every method asks it by message.

    Each raises RequestTimeoutError if no registry answers, and UnroutableError if there
    never was one.
    """

    def __init__(self, transport: Transport, timeout_s: float = 5.0) -> None:
        self._transport = transport
        self._timeout_s = timeout_s

    async def services(self, service: str | None = None) -> ServicesReply:
        """Return the instances that are alive, of one service or of all."""
        return await self._ask(
            SERVICES, ServicesRequest(service=service), ServicesReply
        )

    async def recipes(self) -> RecipesReply:
        """Return the recipes that can be started by name, also those with problems."""
        return await self._ask(RECIPES, RecipesRequest(), RecipesReply)

    async def recipe(self, name: str, *, known: str = "") -> RecipeEntry:
        """Return a recipe with its whole document, unless that is the ``known`` one.

        ``known`` is the digest of a document that was looked up before.

        Raises:
            NotFoundError: if there is no such recipe; the text offers the nearest names.
        """
        request = LookupRequest(kind="recipe", name=name, whole=True, known=known)
        reply = await self._ask(LOOKUP, request, LookupReply)
        if reply.recipe is None:
            raise NotFoundError(f"the registry has no recipe {name!r}")
        return reply.recipe

    async def studies(self) -> StudiesReply:
        """Return the studies that can be expanded by name, without their texts."""
        return await self._ask(STUDIES, StudiesRequest(), StudiesReply)

    async def study(
        self, name: str, *, known: str = "", digest: str = ""
    ) -> StudyEntry:
        """Return a study with its text, unless that is the ``known`` one.

        ``digest`` is that of the version wanted, of those that the name can mean. If none
        has it, what the name means now is returned.

        Raises:
            NotFoundError: if there is no such study; the text offers the nearest names.
            RemoteError: if it cannot be read; with the code ``unusable`` if it never can.
        """
        request = LookupRequest(
            kind="study", name=name, whole=True, known=known, digest=digest
        )
        reply = await self._ask(LOOKUP, request, LookupReply)
        if reply.study is None:
            raise NotFoundError(f"the registry has no study {name!r}")
        return reply.study

    async def find(self, kind: Kind, name: str) -> LookupReply:
        """Return what a name stands for.

        Raises:
            NotFoundError: if it stands for nothing; the text offers the nearest names.
        """
        return await self._ask(LOOKUP, LookupRequest(kind=kind, name=name), LookupReply)

    async def _ask(self, type_: str, request: BaseModel, model: type[M]) -> M:
        return await ask(
            self._transport,
            REGISTRY_QUEUE,
            type_,
            request,
            model=model,
            timeout_s=self._timeout_s,
        )
