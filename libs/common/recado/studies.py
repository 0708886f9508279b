"""The folder that studies are read from: the recipes', and what is below it.

A study is named by its path from the folder, ``pilots/reading.toml``, or else by its name,
with a version or without, as a recipe is: ``reading`` or ``reading@1.2``.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from recado.errors import NotFoundError, RecadoError, nearest
from recado.recipe.files import NamedFiles
from recado.recipe.names import is_name

SUFFIX: Final = ".toml"
TEXT: Final = "text"
"""What a study is called that comes as a text, and not by a path or name."""
MAX_SIZE: Final = 10 * 1024 * 1024
_MAX_PATH: Final = 255
_OFFERED: Final = 1_000
_PATH: Final = re.compile(r"(?:\w[\w.@-]*/)*\w[\w.@-]*\.toml", re.ASCII)


class UnusableError(RecadoError):
    """Raised for a study's file that is there, and is not read."""


def is_path(text: str) -> bool:
    """Say whether a text can be a study's path; it may come from anybody."""
    return len(text) <= _MAX_PATH and _PATH.fullmatch(text) is not None


def is_study_name(text: str) -> bool:
    """Say whether a text can be a study's name; it may come from anybody."""
    return is_name(text) and not text.endswith(SUFFIX)


def check_study(text: str) -> str:
    """Return a study's path or name if it is one; it may come from anybody.

    Raises:
        ValueError: if it can be neither.
    """
    if is_path(text) or is_study_name(text):
        return text
    raise ValueError(
        "must be the path of a .toml file in the recipe folder, such as "
        "'studies/reading.toml', or a name in the registry, such as 'reading@1.2'"
    )


@dataclass(frozen=True, slots=True)
class Source:
    """What a study is read from: its text, and what that is called."""

    name: str
    """Its path; or its name, with the version if it has one; or ``text``."""
    text: bytes
    sha256: str

    @classmethod
    def of(cls, name: str, text: bytes) -> Source:
        """Return the source that a text is, with its digest."""
        return cls(name, text, sha256(text).hexdigest())

    @classmethod
    def of_text(cls, text: str) -> Source:
        """Return the source that a text is which came by itself."""
        return cls.of(TEXT, text.encode())


class StudyFolder:
    """Reads studies from the folder, by their paths or names; nothing outside of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._files = NamedFiles(path, SUFFIX)

    def names(self) -> list[str]:
        """Return the names of the studies that have one, each version's too, sorted."""
        return [name for name in self._files.names() if is_study_name(name)]

    def find(self, name: str, digest: str = "") -> Source:
        """Return the study that a name means, now.

        Of the versions that it can mean, the one with a digest is taken if that is given
        and there is one; so a newer one does not take its place.

        Raises:
            NotFoundError: if there is none; with the nearest names.
            UnusableError: if its file is none that is read.
            OSError: if it cannot be read now, which may pass.
        """
        if not is_study_name(name):
            raise self._unknown(name, self.names())
        first: Source | None = None
        for meant in self._files.meant(name):
            source = Source.of(meant, self.read(meant + SUFFIX))
            if digest in ("", source.sha256):
                return source
            first = first or source
        if first is None:
            raise self._unknown(name, self.names())
        return first

    def read(self, name: str) -> bytes:
        """Return what the file of a path holds.

        Raises:
            NotFoundError: if there is no such file; with the nearest that there is.
            UnusableError: if it lies outside of the folder, is no file or is too large.
            OSError: if it cannot be read now, which may pass.
        """
        with self._opened(name) as stream:
            text = stream.read(MAX_SIZE + 1)
        if len(text) > MAX_SIZE:
            raise UnusableError(f"study {name!r} is larger than {MAX_SIZE} bytes")
        return text

    def _opened(self, name: str) -> BinaryIO:
        file = self._inside(name)
        try:
            # Neither a link that was put there meanwhile is followed, nor a pipe waited for.
            number = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            raise self._unknown(name, self._paths()) from None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise self._leaving(name) from error
            raise
        if not stat.S_ISREG(os.fstat(number).st_mode):
            os.close(number)
            raise UnusableError(f"study {name!r} is not a file")
        return open(number, "rb")

    def _inside(self, name: str) -> Path:
        try:
            file = (self.path / name).resolve()
        except RuntimeError as error:  # links that go round in circles
            raise self._leaving(name) from error
        if not is_path(name) or not file.is_relative_to(self.path.resolve()):
            raise self._leaving(name)
        return file

    def _leaving(self, name: str) -> UnusableError:
        return UnusableError(
            f"study {name!r} is a link that leaves the folder {self.path}, "
            "or leads nowhere; copy the file into it"
        )

    def _unknown(self, name: str, known: list[str]) -> NotFoundError:
        if not self.path.is_dir():
            return NotFoundError(f"no study {name!r}: there is no folder {self.path}")
        return NotFoundError(f"no study {name!r} in {self.path}{nearest(name, known)}")

    def _paths(self) -> list[str]:
        files = islice(self.path.rglob(f"*{SUFFIX}"), _OFFERED)
        paths = (file.relative_to(self.path).as_posix() for file in files)
        return [path for path in paths if is_path(path)]
