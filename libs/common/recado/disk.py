"""The disk: files read with the reason if that cannot be, and written so that they stay."""

from __future__ import annotations

import os
from pathlib import Path

from recado.errors import ConfigError


def read_text(path: Path) -> str:
    """Return what a file holds.

    Raises:
        ConfigError: if it cannot be read, is not UTF-8, or has no possible name.
    """
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"cannot read {path}: {_reason(error)}") from error


def _reason(error: OSError | ValueError) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return "not UTF-8" if isinstance(error, UnicodeError) else str(error)


def write_synced(path: Path, content: bytes) -> None:
    """Write a file anew, and have its content on disk when this returns.

    Its name is there for sure once its folder is synchronised as well.
    """
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Have a folder's names on disk when this returns."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
