"""The folder that studies are read from: the recipes', and what is below it."""

from __future__ import annotations

import errno
import os
import re
import stat
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Final

from recado.errors import NotFoundError, RecadoError, nearest

MAX_SIZE: Final = 10 * 1024 * 1024
_MAX_PATH: Final = 255
_OFFERED: Final = 1_000
_PATH: Final = re.compile(r"(?:\w[\w.-]*/)*\w[\w.-]*\.toml", re.ASCII)


class UnusableError(RecadoError):
    """Raised for a study's file that is there, and is not read."""


def is_path(text: str) -> bool:
    """Say whether a text can be a study's path; it may come from anybody."""
    return len(text) <= _MAX_PATH and _PATH.fullmatch(text) is not None


class StudyFolder:
    """Reads studies by their path from the folder; nothing outside of it."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self, name: str) -> bytes:
        """Return what a file holds.

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
            raise self._unknown(name) from None
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

    def _unknown(self, name: str) -> NotFoundError:
        if not self.path.is_dir():
            return NotFoundError(f"no study {name!r}: there is no folder {self.path}")
        near = nearest(name, self._names())
        return NotFoundError(f"no study {name!r} in {self.path}{near}")

    def _names(self) -> list[str]:
        files = islice(self.path.rglob("*.toml"), _OFFERED)
        names = (file.relative_to(self.path).as_posix() for file in files)
        return [name for name in names if is_path(name)]
