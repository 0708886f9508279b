"""Requests stored in a folder while the broker is away: one file each, in Zocalo's form.

A file is a JSON object with the request's ``headers`` and, as ``message``, its body. It has
a random name without an extension, so ``zocalo.pickup`` reads ours and we read its own.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import BaseModel, Field
from pydantic_core import to_json

from recado.disk import sync_folder, write_synced
from recado.ids import as_id, new_id
from recado.message import ID, Message, decode, encode
from recado.validation import validated


class _Content(BaseModel):
    """What a file holds; Zocalo's headers may be numbers."""

    headers: dict[str, str | bool | int | float] = Field(default_factory=dict)
    message: dict[str, Any]


def store(folder: Path, request: Message) -> Path:
    """Write a request to a file of its own, durably; return where it is.

    Who looks into the folder sees the whole file or none. It may be read by whom the
    umask lets: whoever picks it up need not be who stored it.

    Raises:
        OSError: if it cannot be written; then nothing is left of it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / new_id()
    part = folder / f".{path.name}"
    content = {"headers": dict(request.headers), "message": decode(request.body)}
    try:
        write_synced(part, to_json(content, indent=2, inf_nan_mode="constants") + b"\n")
        part.rename(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise
    sync_folder(folder)
    return path


def read_stored(content: bytes, name: str) -> Message:
    """Return the request in a file's content.

    One that has no id, such as Zocalo's, gets one that derives from the file's name: sent
    a second time, it is the same request.

    Raises:
        SchemaError: with every problem of the content.
    """
    found = validated(_Content, decode(content), f"stored request {name}")
    headers = {ID: as_id(name)} | {key: _text(it) for key, it in found.headers.items()}
    return Message(encode(found.message), headers)


@dataclass(frozen=True, slots=True)
class Claim:
    """A file that nobody else picks up as long as it is open; a dead claimer's is free."""

    path: Path
    file: BinaryIO


def waiting(folder: Path) -> list[Path]:
    """Return the stored files, the oldest first; those being written are left out.

    Raises:
        OSError: if the folder cannot be listed.
    """
    found: list[tuple[int, str]] = []
    with os.scandir(folder) as entries:
        for each in entries:
            # Another pickup may delete it meanwhile.
            with suppress(FileNotFoundError):
                if not each.name.startswith(".") and each.is_file():
                    found.append((each.stat().st_mtime_ns, each.name))
    return [folder / name for _, name in sorted(found)]


def claim(path: Path) -> Claim | None:
    """Take a file for this process alone; none if another has it, or sent it already.

    Raises:
        OSError: if the file cannot be read, or could not be deleted once it is sent.
    """
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    is_ours = False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever held it may have sent it, and deleted it.
        facts = os.fstat(file.fileno())
        if not os.path.samestat(facts, path.stat()):
            return None
        _check_deletable(path, facts.st_uid)
        is_ours = True
    except (BlockingIOError, FileNotFoundError):
        return None
    finally:
        if not is_ours:
            file.close()
    return Claim(path, file)


def _check_deletable(path: Path, owner: int) -> None:
    """Let a file pass that this process may delete: else it would be sent each time."""
    folder = path.parent
    facts = folder.stat()
    is_allowed = os.access(folder, os.W_OK | os.X_OK)
    if facts.st_mode & stat.S_ISVTX:  # there, others' files are not to be deleted
        is_allowed = is_allowed and os.geteuid() in {0, facts.st_uid, owner}
    if not is_allowed:
        text = "cannot be deleted, so it would be sent each time"
        raise PermissionError(errno.EACCES, text, str(path))


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else encode(value).decode()
