"""Starting a run: from a request and the recipes it names to its first messages.

Nothing here waits or sends, so ``recado go`` checks a request with the code that the
dispatcher runs it with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol, cast

from recado.envelope import Envelope
from recado.errors import NotFoundError, Problem, RecipeError, SchemaError
from recado.events import RUN_STARTED, is_run_id, run_stream
from recado.ids import as_id, derived_id
from recado.message import Message, decode, encode
from recado.outbox import Outbox
from recado.recipe import Recipe, apply_parameters, merge
from recado.recipe.values import MAX_SIZE, plain
from recado.schemas.dispatch import HOST, USER, RunRequest
from recado.validation import validated


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
    """The request's, with the run as ``guid``."""
    recipe: Recipe
    """All recipes of the request in one, their templates filled in."""
    encoded: bytes
    """The recipe as it stands in each envelope."""


def run_id(parameters: Mapping[str, object], message_id: str) -> str:
    """Return the run that a request starts: its own ``guid``, if that can be a name.

    Otherwise it derives from the message, so that a request delivered twice is one run.
    """
    given = parameters.get("guid")
    if isinstance(given, str) and is_run_id(given):
        return given
    return derived_id(as_id(message_id), "run")


def prepare(message: Message, recipes: Recipes) -> Prepared:
    """Return the run that a request asks for.

    The request is the message's body; of a recipe message, its payload.

    Raises:
        SchemaError: with every problem of the request and of its recipes.
        OSError: if a recipe is there and cannot be read now, which may pass.
    """
    request = _request(message)
    run = run_id(request.parameters, message.id)
    parameters = {**request.parameters, "guid": run}
    try:
        recipe = merge(*_filled(request, parameters, recipes))
    except RecipeError as error:
        raise SchemaError("request", error.problems) from error
    return Prepared(
        run,
        tuple(request.recipes),
        bool(request.custom_recipe),
        parameters,
        recipe,
        _encoded(recipe),
    )


def start(prepared: Prepared, message: Message, outbox: Outbox) -> None:
    """Write a run's first messages, and the event that tells of them, into an outbox."""
    recipe = cast("dict[str, Any]", prepared.recipe.raw)
    for pointer, payload in prepared.recipe.start:
        envelope = Envelope(recipe, pointer, [], {"ID": prepared.run})
        outbox.send_step(envelope, pointer, [], payload, recipe=prepared.encoded)
    data = _started(prepared, message, outbox)
    outbox.emit(run_stream(prepared.run), RUN_STARTED, data, key="started")


def _request(message: Message) -> RunRequest:
    value = (
        Envelope.read(message).payload if message.is_recipe else decode(message.body)
    )
    request = validated(RunRequest, value, "request")
    _, problems = plain(request.parameters)
    found = [Problem(_below("parameters", x.path), x.text) for x in problems]
    if not request.recipes and not request.custom_recipe:
        text = "no recipe at all: name one in 'recipes', or give a 'custom_recipe'"
        found.append(Problem("", text))
    if found:
        raise SchemaError("request", found)
    return request


def _filled(
    request: RunRequest, parameters: Mapping[str, Any], recipes: Recipes
) -> list[Recipe]:
    # Each is filled in before they are merged: its problems have its own steps' numbers.
    filled: list[Recipe] = []
    problems: list[Problem] = []
    for path, load in _sources(request, recipes):
        try:
            filled.append(apply_parameters(load(), parameters))
        except NotFoundError as error:
            problems.append(Problem(path, str(error)))
        except RecipeError as error:
            if isinstance(error.__cause__, OSError):
                raise error.__cause__ from None
            problems += [Problem(_below(path, x.path), x.text) for x in error.problems]
    if problems:
        raise SchemaError("request", problems)
    return filled


def _sources(
    request: RunRequest, recipes: Recipes
) -> Iterator[tuple[str, Callable[[], Recipe]]]:
    if request.custom_recipe:
        yield "custom_recipe", partial(Recipe.read, request.custom_recipe)
    for index, name in enumerate(request.recipes):
        yield f"recipes[{index}]({name[:128]})", partial(recipes.load, name)


def _below(path: str, rest: str) -> str:
    return f"{path}{rest}" if rest[:1] in {"", "["} else f"{path}.{rest}"


def _encoded(recipe: Recipe) -> bytes:
    encoded = encode(recipe.raw)
    if len(encoded) > MAX_SIZE:
        text = f"the recipes together have {len(encoded)} bytes; {MAX_SIZE} are allowed"
        raise SchemaError("request", [Problem("", text)])
    return encoded


def _started(prepared: Prepared, message: Message, outbox: Outbox) -> dict[str, Any]:
    headers = message.headers
    # A step that starts more recipes in its own run has them counted with its report.
    is_counted = message.is_recipe and message.run == prepared.run
    children, sum_ = (0, 0) if is_counted else (outbox.children, outbox.checksum)
    known = {
        "parent": message.run,
        "user": headers.get(USER, ""),
        "host": headers.get(HOST, ""),
    }
    return {
        "recipes": list(prepared.names),
        "custom": prepared.is_custom,
        "parameters": prepared.parameters,
        "request": message.id,
        "children": children,
        "checksum": format(sum_, "016x"),
        **{key: value for key, value in known.items() if value},
    }
