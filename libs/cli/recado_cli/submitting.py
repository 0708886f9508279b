"""What ``recado go`` sends: the request, checked with the dispatcher's own code."""

from __future__ import annotations

import getpass
import json
import re
import socket
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recado.clients.dispatch import request_message
from recado.clients.lookup import Lookup
from recado.config import Settings
from recado.errors import NotFoundError, RequestTimeoutError, UnroutableError
from recado.ids import new_id
from recado.message import Message, decode
from recado.recipe import Recipe, RecipeFolder, read_recipe
from recado.starting import Prepared, prepare, run_id
from recado.transport import Transport
from recado_cli.output import print_json, talk
from recado_cli.samples import SAMPLES


@dataclass(frozen=True, slots=True)
class Ask:
    """A request for a run, and the settings that say where it goes."""

    message: Message
    settings: Settings
    names: tuple[str, ...]
    run: str

    @classmethod
    def made(
        cls,
        names: Sequence[str],
        file: str | None,
        parameters: Mapping[str, Any],
        settings: Settings,
    ) -> Ask:
        """Make the request; the run's id is chosen here, so that it can be watched.

        Raises:
            RecipeError: with every problem of the recipe in the file.
        """
        given = {"guid": new_id(), **parameters}
        message = request_message(
            names, _custom(file), given, _user(), socket.gethostname()
        )
        return cls(message, settings, tuple(names), run_id(given, message.id))

    def checked(self) -> Ask:
        """Return the request, once nothing is wrong with it.

        Raises:
            SchemaError: with every problem.
        """
        if not self.is_elsewhere:
            self._prepared()
            for name in self.unused():
                talk(
                    f"no recipe of this run has {{{name}}} in it: -s {name} does nothing"
                )
        return self

    def unused(self) -> list[str]:
        """Return the parameters that no recipe has a place for, a typing error maybe."""
        request = decode(self.message.body)
        recipes = [dict(self._folder().load(name).raw) for name in self.names]
        text = json.dumps([request.get("custom_recipe"), *recipes], ensure_ascii=False)
        return [
            name
            for name in request["parameters"]
            if name != "guid" and not _is_in(text, name)
        ]

    @property
    def is_elsewhere(self) -> bool:
        """Whether the recipes are in a folder that only the dispatcher has."""
        return bool(self.names) and not self.settings.recipes.is_dir()

    async def check_names(self, transport: Transport) -> None:
        """Ask the registry for recipes that are elsewhere; it may be away.

        Raises:
            NotFoundError: for one that it does not know either.
        """
        if not self.is_elsewhere:
            return
        try:
            for name in self.names:
                await Lookup(transport).find("recipe", name)
        except NotFoundError as error:
            if (await Lookup(transport).recipes()).recipes:
                raise
            raise NotFoundError(f"{error}; {SAMPLES}") from error
        except (RequestTimeoutError, UnroutableError):
            folder = self.settings.recipes
            talk(f"not checked: there is no folder {folder}, and no registry to ask")

    def show(self) -> None:
        """Print what would be sent, and the recipe that would run."""
        prepared = self._prepared()
        print_json(
            {
                "run": prepared.run,
                "request": decode(self.message.body),
                "recipe": prepared.recipe.to_json(),
            }
        )

    def _prepared(self) -> Prepared:
        return prepare(self.message, self._folder())

    def _folder(self) -> _Folder:
        return _Folder(RecipeFolder(self.settings.recipes))


@dataclass(frozen=True, slots=True)
class _Folder:
    """The recipe folder; for a name that is a file's it says how a file is given."""

    folder: RecipeFolder

    def load(self, name: str) -> Recipe:
        if name.endswith(".json") and Path(name).is_file():
            raise NotFoundError(f"{name!r} is a file; give it with -f {name}")
        return self.folder.load(name)


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
