"""What ``recado go`` sends: the request, checked with the dispatcher's own code."""

from __future__ import annotations

import asyncio
import getpass
import json
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click
from pydantic_core import to_json

from recado.clients.dispatch import request_message
from recado.clients.lookup import Lookup
from recado.config import Settings
from recado.errors import (
    NotFoundError,
    RequestTimeoutError,
    SchemaError,
    UnroutableError,
)
from recado.ids import new_id
from recado.message import NORMAL, Message, decode
from recado.recipe import Recipe, RecipeFolder, read_recipe
from recado.schemas.dispatch import (
    ERROR_QUEUE,
    EXPIRATION,
    GUID,
    IDEMPOTENCY_KEY,
    START_AT,
    TIMEOUT,
)
from recado.starting import Recipes, prepare, read_request
from recado.transport import Transport
from recado_cli.go.reach import divided, unreachable
from recado_cli.go.recipes import Folder, Told
from recado_cli.go.words import IDS
from recado_cli.output import print_json, talk
from recado_cli.samples import SAMPLES

_OTHERS: Final = frozenset({GUID, TIMEOUT, EXPIRATION, ERROR_QUEUE, *IDS})
"""Parameters that are for the dispatcher, or for its filters."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for a run, and the settings that say where it goes."""

    message: Message
    settings: Settings
    names: tuple[str, ...]
    run: str
    is_unchecked: bool = False
    """Whether only the dispatcher can tell what is wrong with it."""
    recipe: Recipe | None = None
    """What would run, once that is checked here."""

    @classmethod
    def made(
        cls,
        names: Sequence[str],
        file: str | None,
        parameters: Mapping[str, Any],
        settings: Settings,
        *,
        is_unchecked: bool = False,
        idempotency_key: str = "",
        start_at: float | None = None,
        priority: int = NORMAL,
    ) -> Ask:
        """Make the request.

        The run's id is chosen here, so that it can be watched, unless the key says it.

        Raises:
            RecipeError: with every problem of the recipe in the file.
        """
        given = dict(parameters) if idempotency_key else {GUID: new_id(), **parameters}
        message = request_message(
            names,
            _custom(file),
            given,
            _user(),
            socket.gethostname(),
            idempotency_key=idempotency_key,
            start_at=start_at,
            priority=priority,
        )
        run = read_request(message).run
        # Without any recipe it is for the dispatcher's filters to choose one.
        is_for_filters = is_unchecked or not (names or file)
        return cls(message, settings, tuple(names), run, is_for_filters)

    def checked(self) -> Ask:
        """Return the request, once nothing is wrong with it.

        Raises:
            SchemaError: with every problem.
        """
        if self.is_unchecked or self.is_elsewhere:
            return self
        return self._checked_with(self._folder())

    async def looked_up(self, transport: Transport) -> Ask:
        """Return the request, checked with the registry's recipes if there are none here.

        Raises:
            NotFoundError: for a recipe that the registry does not know either.
            SchemaError: with every problem.
        """
        if self.is_unchecked or not self.is_elsewhere:
            return self
        lookup = Lookup(transport)
        try:
            entries = await asyncio.gather(*(lookup.recipe(it) for it in self.names))
        except NotFoundError as error:
            if (await lookup.recipes()).recipes:
                raise
            raise NotFoundError(f"{error}; {SAMPLES}") from error
        except (RequestTimeoutError, UnroutableError):
            folder = self.settings.recipes
            talk(f"not checked: there is no folder {folder}, and no registry to ask")
            return self
        told = dict(zip(self.names, entries, strict=True))
        return self._checked_with(Told(told))

    def _checked_with(self, recipes: Recipes) -> Ask:
        prepared = prepare(self.message, recipes)
        for problem in prepared.warnings:
            talk(str(problem))
        for name in self.unused(recipes):
            talk(f"no recipe of this run has {{{name}}} in it: -s {name} does nothing")
        return replace(self, recipe=prepared.recipe)

    @property
    def has_key(self) -> bool:
        """Whether the run may have been started by an earlier request."""
        return IDEMPOTENCY_KEY in self.message.headers

    @property
    def is_for_later(self) -> bool:
        """Whether the run is to start at a time that is named."""
        return START_AT in self.message.headers

    def unused(self, recipes: Recipes) -> list[str]:
        """Return the parameters that no recipe has a place for, a typing error maybe."""
        request = decode(self.message.body)
        named = [dict(recipes.load(name).raw) for name in self.names]
        text = json.dumps([request.get("custom_recipe"), *named], ensure_ascii=False)
        return [
            name
            for name in request["parameters"]
            if name not in _OTHERS and not _is_in(text, name)
        ]

    @property
    def is_elsewhere(self) -> bool:
        """Whether the recipes are in a folder that only the dispatcher has."""
        return bool(self.names) and not self.settings.recipes.is_dir()

    def tell(self) -> None:
        """Say what is about to be sent."""
        click.echo(to_json(decode(self.message.body), indent=2), err=True)

    async def check_queues(self, transport: Transport) -> None:
        """Look for the queues that the run's messages go to.

        Raises:
            SchemaError: if the run could not even start; what is missing further on is
                only told, since a service may still come.
        """
        if self.recipe is None:
            return
        wrong = await unreachable(transport, self.recipe)
        errors, warnings = divided(self.recipe, wrong)
        if self.is_for_later:
            errors, warnings = [], errors + warnings
        for problem in warnings:
            talk(str(problem))
        if errors:
            raise SchemaError("request", errors)

    def show(self) -> None:
        """Print what would be sent, and the recipe that would run."""
        would = {"run": self.run, "request": decode(self.message.body)}
        would["headers"] = dict(self.message.headers)
        if not self.is_unchecked:
            recipe = prepare(self.message, self._folder()).recipe
            would["recipe"] = recipe.to_json()
        print_json(would)

    def _folder(self) -> Folder:
        return Folder(RecipeFolder(self.settings.recipes))


def _is_in(text: str, parameter: str) -> bool:
    place = rf"\{{(\$REPLACE:)?{re.escape(parameter)}[\}}\[.!:]"
    return re.search(place, text) is not None


def _custom(file: str | None) -> dict[str, Any] | None:
    if not file:
        return None
    text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    return dict(read_recipe(text, "standard in" if file == "-" else file).raw)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container may have a user id that has no name.
        return ""
