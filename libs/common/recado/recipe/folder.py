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
from recado.recipe.model import Recipe
from recado.recipe.names import check_name, is_name, split
from recado.recipe.values import MAX_SIZE
from recado.recipe.versions import MARK, chosen

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
        """Return the names of the folder's recipes, each version's too, sorted.

        There are none if the folder does not exist.
        """
        if not self.path.is_dir():
            return []
        return sorted(
            file.stem
            for file in self.path.glob(f"*{SUFFIX}")
            if is_name(file.stem) and file.is_file() and self._is_inside(file)
        )

    def load(self, name: str) -> Recipe:
        """Return a recipe by its name, of a version or of the newest one.

        Raises:
            RecipeError: if the name is none, or with every problem of the recipe.
            NotFoundError: if the folder has no such recipe.
        """
        return self._load(self._found(check_name(name)))

    def _found(self, name: str) -> str:
        """Return the name of the file that is meant, without its suffix."""
        plain, wanted = split(name)
        # One number alone asks for the newest that begins with it.
        if self._has(name) and ("." in wanted or not wanted):
            return name
        versions = self._versions(plain)
        version = chosen(wanted, versions)
        if version is None:
            if self._has(plain):
                self._load(plain)  # what is wrong with it may be why it was not found
            raise self._unknown(name)
        return versions[version]

    def _versions(self, plain: str) -> dict[str, str]:
        """Return the files of a recipe by their versions."""
        names = (file.stem for file in self.path.glob(f"{plain}{MARK}*{SUFFIX}"))
        found = {split(name)[1]: name for name in names if is_name(name)}
        with suppress(RecipeError):
            if self._has(plain) and (own := self._load(plain).version):
                found.setdefault(own, plain)
        return found

    def _has(self, name: str) -> bool:
        return os.path.lexists(self.path / f"{name}{SUFFIX}")

    def _load(self, name: str) -> Recipe:
        file = self.path / f"{name}{SUFFIX}"
        if not self._is_inside(file):
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


def _bad(name: str, text: str, path: str = "") -> RecipeError:
    return RecipeError(f"recipe {name}{SUFFIX}", [Problem(path, text)])
