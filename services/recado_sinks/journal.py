"""The journal of a folder: which lines stand where, told before they are written."""

from __future__ import annotations

import json
import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from recado.disk import sync_folder
from recado_sinks.opening import open_locked, opened, write_all

NAME: Final = ".recado-lines"
LIMIT: Final = 4 * 2**20
"""Bytes of a journal, at most; then the older half is left out."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Lines that stand one behind the other in a file: their ids and lengths in bytes."""

    name: str
    inode: int
    at: int
    lines: tuple[tuple[str, int], ...]


@dataclass(slots=True)
class Known:
    """What a process remembers of a journal, as long as nobody else writes to it."""

    inode: int = 0
    size: int = -1
    ids: set[str] = field(default_factory=set[str])
    is_sound: bool = False
    """Whether all that the journal tells of is known to be in the files."""


class Journal:
    """A folder's journal, while it is locked."""

    def __init__(self, folder: Path, fd: int, known: Known) -> None:
        self._folder = folder
        self._fd = fd
        self._known = known
        facts = os.fstat(fd)
        if (known.inode, known.size) != (facts.st_ino, facts.st_size):
            self._read(facts.st_ino)

    @classmethod
    @contextmanager
    def locked(cls, folder: Path, known: Known) -> Generator[Journal]:
        """Have a folder's journal for oneself.

        Raises:
            OSError: if it cannot be read or written.
        """
        fd = open_locked(folder / NAME)
        try:
            if os.fstat(fd).st_size > LIMIT:
                fd = _halved(folder, fd)
            yield cls(folder, fd, known)
        finally:
            os.close(fd)

    def __contains__(self, id_: str) -> bool:
        return id_ in self._known.ids

    def add(self, entries: Sequence[Entry]) -> None:
        """Tell what will be written; all of it is in doubt until :meth:`settle`."""
        if not entries:
            return
        self._known.is_sound = False
        try:
            write_all(self._fd, _encoded(entries))
        except OSError:
            self._cut(self._known.size)
            raise
        self._known.size = os.fstat(self._fd).st_size
        self._known.ids.update(_ids(entries))

    def settle(self) -> None:
        """Note that all that was told has been written."""
        self._known.is_sound = True

    def recover(self) -> None:
        """Compare the last entries with the files, and keep what is really there."""
        if self._known.is_sound:
            return
        lines = self._lines()
        if lines:
            entries = _decoded(lines[-1]) or []
            there = [_written(self._folder, entry) for entry in entries]
            if there != entries:
                self._cut(self._known.size - len(lines[-1]))
                self._known.ids.difference_update(_ids(entries))
                self.add([entry for entry in there if entry.lines])
        self._known.is_sound = True

    def _lines(self) -> list[bytes]:
        return os.pread(self._fd, self._known.size, 0).splitlines(keepends=True)

    def _read(self, inode: int) -> None:
        self._known.inode, self._known.is_sound = inode, False
        self._known.size = os.fstat(self._fd).st_size
        lines = self._lines()
        # Cut off while it was written, so that nothing it tells of has been.
        if lines and _decoded(lines[-1]) is None:
            self._cut(self._known.size - len(lines.pop()))
        self._known.ids = {id_ for line in lines for id_ in _ids(_decoded(line) or ())}

    def _cut(self, size: int) -> None:
        os.ftruncate(self._fd, size)
        self._known.size = size


def _written(folder: Path, entry: Entry) -> Entry:
    """Return the part of an entry that is in its file; cut off what is half a line."""
    for path in _places(folder, entry.name):
        with suppress(OSError):
            if path.stat().st_ino == entry.inode:
                with opened(path) as fd:
                    return _compared(fd, entry)
    return Entry(entry.name, entry.inode, entry.at, ())


def _places(folder: Path, name: str) -> Iterable[Path]:
    yield folder / name
    # It may have been renamed since.
    yield from (path for path in folder.iterdir() if path.name != name)


def _compared(fd: int, entry: Entry) -> Entry:
    size = os.fstat(fd).st_size
    end = entry.at
    count = 0
    for _, length in entry.lines:
        if end + length > size or os.pread(fd, 1, end + length - 1) != b"\n":
            break
        end += length
        count += 1
    if (
        count < len(entry.lines)
        and end < size
        and b"\n" not in os.pread(fd, size - end, end)
    ):
        os.ftruncate(fd, end)
        os.fdatasync(fd)
    return Entry(entry.name, entry.inode, entry.at, entry.lines[:count])


def _halved(folder: Path, fd: int) -> int:
    """Put a journal with the newer half of the lines in the place of a full one."""
    text = os.pread(fd, os.fstat(fd).st_size, 0)
    middle = text.find(b"\n", len(text) // 2) + 1
    path = folder / f"{NAME}.new"
    with suppress(FileNotFoundError):
        path.unlink()
    new = open_locked(path)
    try:
        write_all(new, text[middle:])
        # Locked before it has the name: nobody gets in between.
        path.rename(folder / NAME)
        sync_folder(folder)
    except BaseException:
        os.close(new)
        raise
    os.close(fd)
    return new


def _ids(entries: Iterable[Entry]) -> Iterable[str]:
    return (id_ for entry in entries for id_, _ in entry.lines)


def _encoded(entries: Sequence[Entry]) -> bytes:
    return json.dumps([asdict(entry) for entry in entries]).encode() + b"\n"


def _decoded(line: bytes) -> list[Entry] | None:
    try:
        found: list[dict[str, Any]] = json.loads(line)
        if not line.endswith(b"\n"):
            return None
        return [
            Entry(
                str(each["name"]),
                int(each["inode"]),
                int(each["at"]),
                tuple((str(id_), int(length)) for id_, length in each["lines"]),
            )
            for each in found
        ]
    except (ValueError, TypeError, KeyError):
        return None
