"""From a request and the recipes it names to a run that nothing is wrong with."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from recado.errors import NotFoundError, Problem, RecipeError, SchemaError
from recado.message import NORMAL, Json, Message, encode
from recado.recipe import Recipe, apply_parameters, declared_values, merge
from recado.recipe.reading import step_id
from recado.recipe.values import MAX_SIZE
from recado.schemas.dispatch import GUID
from recado.starting.request import Request, read_request

_PRIORITY = "priority"


class Recipes(Protocol):
    """Where recipes are found by name; a :class:`recado.recipe.RecipeFolder` is one."""

    def load(self, name: str) -> Recipe:
        """Return a recipe; raise NotFoundError or RecipeError."""
        ...


@dataclass(frozen=True, slots=True)
class Prepared:
    """A run that can be started: nothing is wrong with its request and its recipes."""

    run: str
    names: tuple[str, ...]
    is_custom: bool
    parameters: dict[str, Any]
    """The request's, with the run as ``guid``, and what the recipes declare."""
    recipe: Recipe
    """All recipes of the request in one, their templates filled in."""
    encoded: bytes
    """The recipe as it stands in each envelope."""
    warnings: tuple[Problem, ...] = ()
    """What looks like a typing error."""


def prepare(message: Message, recipes: Recipes) -> Prepared:
    """Return the run that a message asks for, if no filter changes it.

    Raises:
        SchemaError: with every problem of the request and of its recipes.
        OSError: if a recipe is there and cannot be read now, which may pass.
    """
    return compose(read_request(message), recipes)


def compose(request: Request, recipes: Recipes) -> Prepared:
    """Return the run that a request asks for.

    Raises:
        SchemaError: with every problem of its recipes and their parameters.
        OSError: if a recipe is there and cannot be read now, which may pass.
    """
    _check_any(request)
    filling = _Filling({**request.parameters, GUID: request.run})
    for path, load in _sources(request, recipes):
        filling.add(path, load)
    recipe = _prioritised(filling.merged(), request.said.priority)
    return Prepared(
        request.run,
        tuple(request.recipes),
        bool(request.custom_recipe),
        filling.used,
        recipe,
        _encoded(recipe),
        tuple(filling.warnings),
    )


def _check_any(request: Request) -> None:
    if request.recipes or request.custom_recipe or request.recipe:
        return
    text = "no recipe at all: name one in 'recipes', or give a 'custom_recipe'"
    hints = [Problem(k, f"did you mean {v!r}?") for k, v in request.misspelt().items()]
    raise SchemaError("request", [Problem("", text), *hints])


def _sources(
    request: Request, recipes: Recipes
) -> Iterator[tuple[str, Callable[[], Recipe]]]:
    if request.recipe is not None:
        made = request.recipe
        yield "recipe", lambda: made
    if request.custom_recipe:
        yield "custom_recipe", partial(Recipe.read, request.custom_recipe)
    for index, name in enumerate(request.recipes):
        yield f"recipes[{index}]({name[:128]})", partial(recipes.load, name)


class _Filling:
    """Fills recipes in one by one, so that each one's problems have its own numbers."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.used = dict(given)
        """The parameters, and what the recipes declare of them."""
        self.warnings: list[Problem] = []
        self._given = given
        self._filled: list[Recipe] = []
        self._problems: list[Problem] = []
        self._size = 0

    def add(self, path: str, load: Callable[[], Recipe]) -> None:
        try:
            recipe = load()
            declared = declared_values(recipe, self._given)
            self.used |= declared.parameters
            self.warnings += declared.warnings
            self._keep(apply_parameters(recipe, declared.parameters))
        except NotFoundError as error:
            self._problems.append(Problem(path, str(error)))
        except RecipeError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from None
            self._problems += [
                Problem(_below(path, each.path), each.text) for each in error.problems
            ]

    def _keep(self, filled: Recipe) -> None:
        # Not in the end: a hundred of them, each as large as may be, fill the memory.
        self._size += len(encode(filled.raw))
        if self._size > MAX_SIZE:
            raise _too_large(self._size)
        self._filled.append(filled)

    def merged(self) -> Recipe:
        if self._problems:
            raise SchemaError("request", self._problems)
        try:
            return merge(*self._filled)
        except RecipeError as error:
            raise SchemaError("request", error.problems) from error


def _below(path: str, rest: str) -> str:
    return f"{path}{rest}" if rest[:1] in {"", "["} else f"{path}.{rest}"


def _prioritised(recipe: Recipe, priority: int) -> Recipe:
    """Return a recipe whose steps all have a priority; their own one wins."""
    if priority == NORMAL:
        return recipe
    raw: dict[str, Json] = {
        key: {_PRIORITY: priority, **cast("dict[str, Json]", value)}
        if step_id(key) is not None
        else value
        for key, value in recipe.raw.items()
    }
    return Recipe(raw, is_checked=True)


def _encoded(recipe: Recipe) -> bytes:
    encoded = encode(recipe.raw)
    if len(encoded) > MAX_SIZE:
        raise _too_large(len(encoded))
    return encoded


def _too_large(size: int) -> SchemaError:
    text = f"the recipes together have {size} bytes; {MAX_SIZE} are allowed"
    return SchemaError("request", [Problem("", text)])
