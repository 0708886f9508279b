"""Appending lines to the files of a folder: each line once, also after a crash.

Before lines are written, a journal in the folder says which will stand where. After a
crash in between, the last entry of the journal is compared with the files: what is there
counts as written, half a line is cut off, and what is missing is written when its message
comes again. All who append to a folder take turns by the journal's lock.
"""

from __future__ import annotations

import errno
import os
import stat
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Final

from recado.disk import sync_folder
from recado_sinks.entry import Entry, Part
from recado_sinks.journal import NAME, Journal, Known
from recado_sinks.opening import opened, write_all

_FOR_GOOD: Final = (errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.ENAMETOOLONG)
_REMEMBERED: Final = 64
"""Folders whose journals need not be read again."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of a message, each with its end, and the message's id."""

    id: str
    texts: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class _Plan:
    fd: int
    entry: Entry
    text: bytes


class UnfitFileError(Exception):
    """Raised for what is there under a file's name and no lines can be appended to."""


class Folders:
    """Appends to the files of folders; of each folder in one thread at a time."""

    def __init__(self) -> None:
        self._known: OrderedDict[Path, Known] = OrderedDict()
        self._lock = Lock()

    def append(
        self, folder: Path, lines: Mapping[str, Sequence[Lines]]
    ) -> dict[str, Exception]:
        """Append lines to a folder's files, by name; return what failed, by name.

        All the others are on disk. A file that was renamed meanwhile is made anew, and
        what was written into it before is not written again.

        Raises:
            OSError: if nothing can be written.
            UnfitFileError: if the folder is none.
        """
        _make(folder)
        with Journal.locked(folder, self._of(folder)) as journal, ExitStack() as files:
            journal.recover()
            plans, failed = _plans(folder, _new(lines, journal), files)
            journal.add([plan.entry for plan in plans])
            for plan in plans:
                try:
                    _write(folder, plan)
                except OSError as error:
                    failed[plan.entry.name] = error
            if failed.keys().isdisjoint(plan.entry.name for plan in plans):
                journal.settle()
            else:
                journal.recover()
        return failed

    def _of(self, folder: Path) -> Known:
        with self._lock:
            known = self._known.setdefault(folder, Known())
            self._known.move_to_end(folder)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
            return known


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _told(error, folder) from error


def _told(error: OSError, path: Path) -> Exception:
    if error.errno in _FOR_GOOD:
        return UnfitFileError(f"{path} cannot be written: {error.strerror}")
    return error


@dataclass(frozen=True, slots=True)
class _Rest:
    """What is not yet there of a message's lines."""

    lines: Lines
    first: int

    @property
    def texts(self) -> tuple[bytes, ...]:
        return self.lines.texts[self.first :]

    @property
    def part(self) -> Part:
        return Part(self.lines.id, self.first, tuple(map(len, self.texts)))


def _new(
    lines: Mapping[str, Sequence[Lines]], journal: Journal
) -> dict[str, list[_Rest]]:
    # A message that is delivered twice at the same time is there twice.
    unique = {name: {each.id: each for each in of} for name, of in lines.items()}
    new = {
        name: [
            _Rest(each, first)
            for id_, each in of.items()
            if (first := journal.count(id_)) < len(each.texts)
        ]
        for name, of in unique.items()
    }
    return {name: of for name, of in new.items() if of}


def _plans(
    folder: Path, lines: Mapping[str, Sequence[_Rest]], files: ExitStack
) -> tuple[list[_Plan], dict[str, Exception]]:
    plans: list[_Plan] = []
    failed: dict[str, Exception] = {}
    for name, new in lines.items():
        try:
            if name.startswith(NAME):
                raise UnfitFileError(f"{folder / name} is the folder's journal")
            fd = files.enter_context(opened(folder / name))
            plans.append(_plan(fd, folder / name, new))
        except UnfitFileError as error:
            failed[name] = error
        except OSError as error:
            failed[name] = _told(error, folder / name)
    return plans, failed


def _plan(fd: int, path: Path, lines: Sequence[_Rest]) -> _Plan:
    facts = os.fstat(fd)
    if not stat.S_ISREG(facts.st_mode):
        raise UnfitFileError(f"{path} is no regular file")
    # If somebody else's last line has no end, ours must not go on with it.
    is_open = facts.st_size and os.pread(fd, 1, facts.st_size - 1) != b"\n"
    gap = b"\n" if is_open else b""
    parts = tuple(each.part for each in lines)
    entry = Entry(path.name, facts.st_ino, facts.st_size + len(gap), parts)
    text = b"".join(text for each in lines for text in each.texts)
    return _Plan(fd, entry, gap + text)


def _write(folder: Path, plan: _Plan) -> None:
    write_all(plan.fd, plan.text)
    if not plan.entry.at:
        sync_folder(folder)
