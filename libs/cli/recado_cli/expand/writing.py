"""Where what was generated goes: lines on standard out, or a file for each participant."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

Make: TypeAlias = Callable[[int], str]
"""Makes a participant's text."""


def write_lines(make: Make, participants: Iterable[int]) -> None:
    """Write each participant's text as a line to standard out.

    They are written as they come, some together, whatever a progress bar makes of the
    stream for people.
    """
    out = sys.stdout.buffer
    for participant in participants:
        out.write(f"{make(participant)}\n".encode())
    out.flush()


def write_files(
    make: Make, participants: Iterable[int], folder: Path, stem: str
) -> None:
    """Write a file for each participant, named as experiment-server names them.

    Raises:
        OSError: with the file's name, if one cannot be written; those before it are there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for participant in participants:
        file = folder / f"{stem}-participant_{participant}.json"
        write_whole(file, make(participant).encode())


def write_whole(file: Path, content: bytes) -> None:
    """Write a file that is there as a whole, or as it was before.

    Raises:
        OSError: with the file's name, if it cannot be written.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    with _named(file):
        try:
            draft.write_bytes(content)
            draft.replace(file)
        except BaseException:
            draft.unlink(missing_ok=True)
            raise


def write_new(file: Path, content: bytes) -> None:
    """Write a file that is not there yet, as a whole or not at all.

    Raises:
        FileExistsError: if it is there.
        OSError: with the file's name, if it cannot be written.
    """
    with _named(file), file.open("xb") as stream:
        try:
            stream.write(content)
            stream.flush()
        except BaseException:
            file.unlink()
            raise


@contextmanager
def _named(file: Path) -> Generator[None]:
    """Have errors name the file: a full disk does not say of which it is."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(file)) from error
