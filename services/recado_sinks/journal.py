"""The journal of a folder: which lines stand where, told before they are written."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from recado.disk import sync_folder
from recado_sinks.entry import Entry, Part, counts_of, decoded, encoded, parts_of
from recado_sinks.opening import open_locked, opened, write_all

NAME: Final = ".recado-lines"
LIMIT: Final = 4 * 2**20
"""Bytes of a journal, at most; then the older half is left out."""


@dataclass(slots=True)
class Known:
    """What a process remembers of a journal, as long as nobody else writes to it."""

    inode: int = 0
    size: int = -1
    counts: dict[str, int] = field(default_factory=dict[str, int])
    """How many lines of a message there are, by its id."""
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

    def count(self, id_: str) -> int:
        """Return how many of a message's lines there are."""
        return self._known.counts.get(id_, 0)

    def add(self, entries: Sequence[Entry]) -> None:
        """Tell what will be written; all of it is in doubt until :meth:`settle`."""
        if not entries:
            return
        self._known.is_sound = False
        try:
            write_all(self._fd, encoded(entries))
        except OSError:
            self._cut(self._known.size)
            raise
        self._known.size = os.fstat(self._fd).st_size
        self._known.counts.update(counts_of(entries))

    def settle(self) -> None:
        """Note that all that was told has been written."""
        self._known.is_sound = True

    def recover(self) -> None:
        """Compare the last entries with the files, and keep what is really there."""
        if self._known.is_sound:
            return
        lines = self._lines()
        if lines:
            entries = decoded(lines[-1]) or []
            there = [_written(self._folder, entry) for entry in entries]
            if there != entries:
                self._cut(self._known.size - len(lines[-1]))
                self._forget(entries)
                self.add([entry for entry in there if entry.parts])
        self._known.is_sound = True

    def _lines(self) -> list[bytes]:
        return os.pread(self._fd, self._known.size, 0).splitlines(keepends=True)

    def _read(self, inode: int) -> None:
        self._known.inode, self._known.is_sound = inode, False
        self._known.size = os.fstat(self._fd).st_size
        lines = self._lines()
        # Cut off while it was written, so that nothing it tells of has been.
        if lines and decoded(lines[-1]) is None:
            self._cut(self._known.size - len(lines.pop()))
        entries = (entry for line in lines for entry in decoded(line) or ())
        self._known.counts = dict(counts_of(entries))

    def _forget(self, entries: Iterable[Entry]) -> None:
        for part in parts_of(entries):
            if part.first:
                self._known.counts[part.id] = part.first
            else:
                self._known.counts.pop(part.id, None)

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
    return replace(entry, parts=())


def _places(folder: Path, name: str) -> Iterable[Path]:
    yield folder / name
    # It may have been renamed since.
    yield from (path for path in folder.iterdir() if path.name != name)


def _compared(fd: int, entry: Entry) -> Entry:
    size = os.fstat(fd).st_size
    end = entry.at
    there: list[Part] = []
    for part in entry.parts:
        count, end = _whole(fd, part.lengths, end, size)
        if count:
            there.append(replace(part, lengths=part.lengths[:count]))
        if count < len(part.lengths):
            if end < size and b"\n" not in os.pread(fd, size - end, end):
                os.ftruncate(fd, end)
                os.fdatasync(fd)
            break
    return replace(entry, parts=tuple(there))


def _whole(fd: int, lengths: Iterable[int], start: int, size: int) -> tuple[int, int]:
    """Return how many lines are in a file from a byte on, and where the next would be."""
    count, end = 0, start
    for length in lengths:
        if end + length > size or os.pread(fd, 1, end + length - 1) != b"\n":
            break
        count, end = count + 1, end + length
    return count, end


def _halved(folder: Path, fd: int) -> int:
    """Put a journal with the newer half of the lines in the place of a full one."""
    text = _newer(os.pread(fd, os.fstat(fd).st_size, 0))
    path = folder / f"{NAME}.new"
    with suppress(FileNotFoundError):
        path.unlink()
    new = open_locked(path)
    try:
        write_all(new, text)
        # Locked before it has the name: nobody gets in between.
        path.rename(folder / NAME)
        sync_folder(folder)
    except BaseException:
        os.close(new)
        raise
    os.close(fd)
    return new


def _newer(text: bytes) -> bytes:
    """Return what is kept of a full journal: of its older lines what was counted only.

    Where these lines stand is needed of the last ones alone, which may be in doubt.
    """
    *older, last = text.splitlines(keepends=True)
    lines = [encoded(list(map(_settled, decoded(line) or ()))) for line in older]
    room = LIMIT // 2 - len(last)
    kept = [last]
    for line in reversed(lines):
        room -= len(line)
        if room < 0:
            break
        kept.append(line)
    return b"".join(reversed(kept))


def _settled(entry: Entry) -> Entry:
    return replace(entry, parts=tuple(Part(it.id, it.end, ()) for it in entry.parts))
