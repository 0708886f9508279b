"""Files that are named after what they hold: ``study.json`` for ``study``.

``study@1.2`` is the file ``study@1.2.json``. ``study@1`` is the newest version 1, ``study``
the plain file or else the newest.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from recado.recipe.names import is_name, split
from recado.recipe.versions import MARK, fitting


def _none(_: str) -> str:
    return ""


class NamedFiles:
    """The files of one kind in a folder, by their names and versions."""

    def __init__(self, path: Path, suffix: str) -> None:
        self.path = path
        self.suffix = suffix

    def names(self) -> list[str]:
        """Return the names of the files, each version's too, sorted.

        There are none if the folder does not exist.
        """
        if not self.path.is_dir():
            return []
        return sorted(
            file.stem
            for file in self.path.glob(f"*{self.suffix}")
            if is_name(file.stem) and file.is_file() and self.is_inside(file)
        )

    def file(self, name: str) -> Path:
        """Return where the file of a name is, or would be."""
        return self.path / f"{name}{self.suffix}"

    def has(self, name: str) -> bool:
        """Whether there is anything under a file's name; it may be a link that is broken."""
        return os.path.lexists(self.file(name))

    def meant(self, name: str, own: Callable[[str], str] = _none) -> Iterator[str]:
        """Yield the names of the files that a name can mean, what it does mean first.

        ``own`` returns the version that a plain file itself says it is, if it says one.
        """
        plain, wanted = split(name)
        # One number alone asks for the newest that begins with it.
        is_exact = self.has(name) and ("." in wanted or not wanted)
        if is_exact:
            yield name
        versions = self._versions(plain, own)
        for version in fitting(wanted, versions):
            if not is_exact or versions[version] != name:
                yield versions[version]

    def is_inside(self, file: Path) -> bool:
        """Whether a file is in the folder, wherever links lead."""
        try:
            real = file.resolve()
        except (OSError, RuntimeError):  # links that go round in circles
            return False
        # From Python 3.13 on such a link is not an error, but stays as it is.
        return real.is_relative_to(self.path.resolve()) and not real.is_symlink()

    def _versions(self, plain: str, own: Callable[[str], str]) -> dict[str, str]:
        """Return the files of a plain name by their versions."""
        files = self.path.glob(f"{plain}{MARK}*{self.suffix}")
        names = (file.stem for file in files)
        found = {split(name)[1]: name for name in names if is_name(name)}
        if self.has(plain) and (version := own(plain)):
            found.setdefault(version, plain)
        return found
