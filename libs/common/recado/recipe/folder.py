"""A folder of recipes: files named after them, ``study.json`` for ``study``.

``study@1.2`` is the file ``study@1.2.json``, or ``study.json`` if that says that it is
version 1.2. ``study@1`` is the newest version 1, ``study`` the plain file or else the newest.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from recado.errors import NotFoundError, Problem, RecipeError, nearest
from recado.recipe.files import NamedFiles
from recado.recipe.model import Recipe
from recado.recipe.names import check_name, split
from recado.recipe.values import MAX_SIZE

SUFFIX: Final = ".json"


@dataclass(frozen=True, slots=True)
class _Version:
    """What changes when a file is written anew."""

    inode: int
    size: int
    mtime_ns: int


class RecipeFolder:
    """The recipes in a folder; each is read again only when its file has changed."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._files = NamedFiles(self.path, SUFFIX)
        self._known: dict[str, tuple[_Version, Recipe]] = {}

    def names(self) -> list[str]:
        """Return the names of the folder's recipes, each version's too, sorted.

        There are none if the folder does not exist.
        """
        return self._files.names()

    def load(self, name: str) -> Recipe:
        """Return a recipe by its name, of a version or of the newest one.

        Raises:
            RecipeError: if the name is none, or with every problem of the recipe.
            NotFoundError: if the folder has no such recipe.
        """
        return self._load(self._found(check_name(name)))

    def _found(self, name: str) -> str:
        """Return the name of the file that is meant, without its suffix."""
        found = next(self._files.meant(name, self._own), None)
        if found is not None:
            return found
        plain, _ = split(name)
        if self._files.has(plain):
            self._load(plain)  # what is wrong with it may be why it was not found
        raise self._unknown(name)

    def _own(self, plain: str) -> str:
        """Return the version that a file itself says it is; none if it cannot be read."""
        with suppress(RecipeError):
            return self._load(plain).version
        return ""

    def _load(self, name: str) -> Recipe:
        file = self._files.file(name)
        if not self._files.is_inside(file):
            text = (
                f"is a link that leaves the folder {self.path}; copy the file into it"
            )
            raise _bad(name, text)
        if not file.is_file():
            raise _bad(name, "is not a file")
        try:
            with file.open("rb") as stream:
                return self._read(stream, name)
        except OSError as error:
            raise _bad(name, f"cannot be read: {error.strerror}") from error

    def _read(self, stream: BinaryIO, name: str) -> Recipe:
        facts = os.fstat(stream.fileno())
        version = _Version(facts.st_ino, facts.st_size, facts.st_mtime_ns)
        known = self._known.get(name)
        if known is not None and known[0] == version:
            return known[1]
        text = stream.read(MAX_SIZE + 1)
        if len(text) > MAX_SIZE:
            raise _bad(name, f"larger than {MAX_SIZE} bytes")
        recipe = Recipe.read(text, name + SUFFIX)
        named = split(name)[1]
        if named and recipe.version not in {"", named}:
            raise _bad(name, f"says that it is version {recipe.version!r}", "version")
        self._known[name] = version, recipe
        return recipe

    def _unknown(self, name: str) -> NotFoundError:
        if not self.path.is_dir():
            return NotFoundError(f"no recipe {name!r}: there is no folder {self.path}")
        near = nearest(name, self.names())
        return NotFoundError(f"no recipe {name!r} in {self.path}{near}")


def _bad(name: str, text: str, path: str = "") -> RecipeError:
    return RecipeError(f"recipe {name}{SUFFIX}", [Problem(path, text)])
