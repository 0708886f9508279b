"""Who is there: one lock file for each process, held for life.

A process that dies, however it dies, lets go of its lock at once, so anybody can see it
within a second. In the file the process writes down which messages it has begun to work
on; they are mapped memory, so a write costs nothing and outlives the process. Of the
messages that a dead process held, only those have failed.

A lock file is made and registered in one transaction, under the write lock: a registered
process without a lock file is gone, too.
"""

from __future__ import annotations

import fcntl
import mmap
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final

_SLOTS: Final = 65_536
_SLOT: Final = struct.Struct("<q")
_SIZE: Final = _SLOTS * _SLOT.size

_locked: set[int] = set()
_mapped: set[mmap.mmap] = set()
"""The open files with locks on them, and such as are mapped, for a forked child to drop."""


def _drop_after_fork() -> None:
    # A child has a share in its parent's locks: it would keep them after its death.
    for memory in _mapped:  # which keeps its file open, too
        memory.close()
    _mapped.clear()
    for file in _locked:
        with suppress(OSError):
            os.close(file)
    _locked.clear()


os.register_at_fork(after_in_child=_drop_after_fork)


def _open(path: Path, flags: int) -> int:
    file = os.open(path, flags | os.O_RDWR | os.O_CREAT, 0o600)
    _locked.add(file)
    return file


def _close(file: int) -> None:
    if file in _locked:  # else a forked child has done it
        _locked.discard(file)
        os.close(file)


class Presence:
    """This process's lock file, named after its worker id; to be made when writing."""

    def __init__(self, folder: Path, worker: int) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self.path = folder / f"{worker}.lock"
        # Of a process that died before its registration was complete.
        self.path.unlink(missing_ok=True)
        self._file = _open(self.path, os.O_EXCL)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX)
            _allocate(self._file)
            self._memory = mmap.mmap(self._file, _SIZE)
            _mapped.add(self._memory)
        except BaseException:
            self.path.unlink(missing_ok=True)
            _close(self._file)
            raise
        self._free: list[int] = []
        self._unused = 0

    def begin(self, row: int) -> int:
        """Write down that the work on a row begins; returns where, -1 if nowhere is room."""
        if self._free:
            slot = self._free.pop()
        elif self._unused < _SLOTS:
            slot, self._unused = self._unused, self._unused + 1
        else:
            return -1
        _SLOT.pack_into(self._memory, slot * _SLOT.size, row)
        return slot

    def end(self, slot: int) -> None:
        """Cross out what :meth:`begin` wrote."""
        if slot >= 0:
            _SLOT.pack_into(self._memory, slot * _SLOT.size, 0)
            self._free.append(slot)

    def let_go(self) -> None:
        """Drop the lock and leave the file, as a process that is killed does."""
        _mapped.discard(self._memory)
        self._memory.close()
        _close(self._file)

    def remove(self) -> None:
        """Drop the lock and the file."""
        self.path.unlink(missing_ok=True)
        self.let_go()


def _allocate(file: int) -> None:
    """Give a file its room on the disk.

    A write to mapped memory that finds the disk full would end the process.
    """
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file, 0, _SIZE)
    else:
        os.ftruncate(file, _SIZE)


def begun(folder: Path, worker: int) -> list[int]:
    """Return the rows that a worker had begun to work on; none if it left no file."""
    try:
        content = (folder / f"{worker}.lock").read_bytes()
    except OSError:
        return []
    usable = len(content) - len(content) % _SLOT.size
    return [row for (row,) in _SLOT.iter_unpack(content[:usable]) if row]


def gone(folder: Path, registered: Iterable[int], self_: int) -> list[int]:
    """Return the workers that hold no lock: registered ones, and such as left a file."""
    found = {int(name) for name in _names(folder) if name.isdecimal()}
    return sorted(
        worker
        for worker in found.union(registered) - {self_}
        if is_gone(folder, worker)
    )


def _names(folder: Path) -> list[str]:
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        return [entry.name[:-5] for entry in entries if entry.name.endswith(".lock")]
    return []


def is_gone(folder: Path, worker: int) -> bool:
    """Return whether nobody holds a worker's lock; true if it left no file."""
    try:
        file = os.open(folder / f"{worker}.lock", os.O_RDWR)
    except FileNotFoundError:
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(file)
    return True


class WriteLock:
    """The right to write, handed from process to process by the kernel.

    SQLite's own lock is polled for with growing sleeps; this one wakes the next at once.
    The turnstile before it makes it fair: who has just written queues behind who waits.
    """

    def __init__(self, folder: Path) -> None:
        self._turnstile = _open(folder / "turnstile", 0)
        try:
            self._lock = _open(folder / "write", 0)
        except BaseException:
            _close(self._turnstile)
            raise

    def __enter__(self) -> None:
        fcntl.flock(self._turnstile, fcntl.LOCK_EX)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        finally:
            fcntl.flock(self._turnstile, fcntl.LOCK_UN)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Close both files."""
        _close(self._turnstile)
        _close(self._lock)
