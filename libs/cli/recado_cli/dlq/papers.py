"""Papers: dumps on their way to disk, each written once and whole, never over another."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from recado.disk import sync_folder, write_synced
from recado.dumps import file_name, header_of, read_dump, written
from recado.errors import SchemaError
from recado.ids import new_id
from recado.message import ID, Message

if TYPE_CHECKING:
    from recado.dumps import Death, Wording


@dataclass(frozen=True, slots=True)
class Paper:
    """A message that is to be written to a file: its content, and what it is called."""

    content: bytes
    folder: str
    name: str

    @classmethod
    def of(cls, message: Message, death: Death, wording: Wording, now: float) -> Paper:
        """Return a dead letter as it is written down."""
        if not message.id:  # lest two that look alike are taken for one
            message = Message(message.body, {**message.headers, ID: new_id()})
        header = header_of(message, death, wording)
        folder, name = file_name(message.id, death.at)
        return cls(written(header, message.body, now), folder, name)


@dataclass(frozen=True, slots=True)
class Filed:
    """The files of papers, in their order, up to the first that could not be written."""

    paths: Sequence[Path]
    error: OSError | None = None


def file_all(papers: Iterable[Paper], location: Path) -> Filed:
    """Write papers to files; when this returns, the files are on disk, with their names.

    A file that holds a paper's message already is that paper's: whoever wrote it was
    stopped before the message was taken off its queue.
    """
    paths: list[Path] = []
    error: OSError | None = None
    try:
        for paper in papers:
            paths.append(_file(paper, location))
    except OSError as failed:
        # A disk that is full while a file is written does not say which.
        error = OSError(failed.errno, failed.strerror, str(failed.filename or location))
    if paths:
        for folder in {location.parent, location, *(path.parent for path in paths)}:
            sync_folder(folder)
    return Filed(paths, error)


def _file(paper: Paper, location: Path) -> Path:
    """Give a paper a name that no other message has."""
    folder = location / paper.folder
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{paper.name}.{os.getpid()}"
    try:
        write_synced(draft, paper.content)
        return next(
            path
            for name in _names(paper.name)
            if _is_linked(draft, path := folder / name) or _is_same(path, paper.content)
        )
    finally:
        draft.unlink(missing_ok=True)


def _names(name: str) -> Iterator[str]:
    yield name
    yield from (f"{name}-{number}" for number in count(2))


def _is_linked(draft: Path, path: Path) -> bool:
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    return True


def _is_same(path: Path, content: bytes) -> bool:
    """Return whether a file holds the same message, whenever it was exported."""
    try:
        there, here = read_dump(path.read_bytes()), read_dump(content)
    except (OSError, SchemaError):
        return False
    return there.header == here.header and there.body == here.body
