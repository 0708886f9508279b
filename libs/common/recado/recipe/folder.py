"""A folder of recipes: files named after them, ``study.json`` for ``study``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from recado.errors import NotFoundError, Problem, RecipeError, nearest
from recado.recipe.model import Recipe
from recado.recipe.names import check_name, is_name
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
        self._known: dict[str, tuple[_Version, Recipe]] = {}

    def names(self) -> list[str]:
        """Return the names of the folder's recipes, sorted; none if it does not exist."""
        if not self.path.is_dir():
            return []
        return sorted(
            file.stem
            for file in self.path.glob(f"*{SUFFIX}")
            if is_name(file.stem) and file.is_file() and self._is_inside(file)
        )

    def load(self, name: str) -> Recipe:
        """Return a recipe by its name.

        Raises:
            RecipeError: if the name is none, or with every problem of the recipe.
            NotFoundError: if the folder has no such recipe.
        """
        file = self.path / f"{check_name(name)}{SUFFIX}"
        if not self._is_inside(file):
            text = (
                f"is a link that leaves the folder {self.path}; copy the file into it"
            )
            raise _bad(name, text)
        if not file.exists():
            raise self._unknown(name)
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
        self._known[name] = version, recipe
        return recipe

    def _is_inside(self, file: Path) -> bool:
        try:
            real = file.resolve()
        except (OSError, RuntimeError):  # links that go round in circles
            return False
        # From Python 3.13 on such a link is not an error, but stays as it is.
        return real.is_relative_to(self.path.resolve()) and not real.is_symlink()

    def _unknown(self, name: str) -> NotFoundError:
        if not self.path.is_dir():
            return NotFoundError(f"no recipe {name!r}: there is no folder {self.path}")
        near = nearest(name, self.names())
        return NotFoundError(f"no recipe {name!r} in {self.path}{near}")


def _bad(name: str, text: str) -> RecipeError:
    return RecipeError(f"recipe {name}{SUFFIX}", [Problem("", text)])
