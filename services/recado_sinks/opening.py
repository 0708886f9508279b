"""Opening files that others may rename, replace or lock meanwhile."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

# O_NONBLOCK: what is there under the name may be a pipe that nobody reads.
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK


@contextmanager
def opened(path: Path) -> Generator[int]:
    """Have a file open for appending, made if it is not there."""
    fd = os.open(path, _FLAGS, 0o666)
    try:
        yield fd
    finally:
        os.close(fd)


def open_locked(path: Path) -> int:
    """Return a file opened and locked, which is still there under its name; wait for it."""
    while True:
        fd = os.open(path, _FLAGS, 0o666)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            if _is_there(fd, path):
                return fd
        except BaseException:
            os.close(fd)
            raise
        os.close(fd)


def _is_there(fd: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(fd), path.stat())
    except FileNotFoundError:
        return False


def write_all(fd: int, text: bytes) -> None:
    """Write a text to the end of a file, and have it on disk when this returns."""
    rest = memoryview(text)
    while rest:
        rest = rest[os.write(fd, rest) :]
    os.fdatasync(fd)
