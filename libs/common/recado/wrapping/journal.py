"""What a job sends, on disk until the broker has it: a file for each posting, in order.

A job's outputs are the outcome of hours of work. So each is written before the job goes
on, and goes only when the broker has confirmed it; what is left when the process ends,
however it ends, is sent by the next execution of the job, or by ``recado wrap --resend``.
"""

from __future__ import annotations

import base64
import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from itertools import count
from pathlib import Path
from typing import Any, Final

from recado.disk import sync_folder, write_synced
from recado.errors import ConfigError, Problem, SchemaError
from recado.message import Message, Outgoing, decode, encode

FOLDER: Final = "wrap"
"""The journals' folder in the state folder: one folder for each job within."""
_LOCK: Final = "lock"
_DIGITS: Final = 10
_FIELDS: Final = [each.name for each in fields(Outgoing) if each.name != "message"]


class Journal:
    """The postings of one job; nobody else uses the folder while it is open."""

    def __init__(self, folder: Path, lock: int) -> None:
        self.folder = folder
        self._lock = lock
        names = [int(path.stem) for path in self.left()]
        self._numbers = count(max(names, default=0) + 1)

    @classmethod
    def open(cls, state: Path, job: str) -> Journal:
        """Return the journal of a job, with what an earlier execution left in it.

        If another process has it, since the job is run twice at once, this one gets a
        folder of its own.

        Raises:
            ConfigError: if nothing can be kept in the state folder.
        """
        try:
            for number in count(1):
                folder = state / FOLDER / (job if number == 1 else f"{job}.{number}")
                folder.mkdir(parents=True, exist_ok=True)
                if (journal := cls._taken(folder)) is not None:
                    return journal
        except OSError as error:
            reason = error.strerror or error
            raise ConfigError(
                f"state {state}: cannot keep there what the job sends: {reason}"
            ) from error
        raise AssertionError("numbers do not end")

    @classmethod
    def left_in(cls, state: Path) -> Iterator[Journal]:
        """Give the journals of jobs that have ended, each open."""
        with suppress(FileNotFoundError):
            for folder in sorted((state / FOLDER).iterdir()):
                if (journal := cls._taken(folder)) is not None:
                    yield journal

    @classmethod
    def _taken(cls, folder: Path) -> Journal | None:
        path = folder / _LOCK
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except FileNotFoundError:
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # Whoever had it may have removed the folder before letting go.
            if os.fstat(lock).st_ino == path.stat().st_ino:
                return cls(folder, lock)
        except (BlockingIOError, FileNotFoundError):
            pass
        os.close(lock)
        return None

    def left(self) -> list[Path]:
        """Return the postings that the broker has not confirmed, in order."""
        return sorted(self.folder.glob(f"{'[0-9]' * _DIGITS}.json"))

    def write(self, posting: Sequence[Outgoing]) -> Path:
        """Write a posting; it is on disk when this returns."""
        path = self.folder / f"{next(self._numbers):0{_DIGITS}d}.json"
        new = path.with_suffix(".new")
        write_synced(new, encode([_written(each) for each in posting]))
        new.rename(path)
        sync_folder(self.folder)
        return path

    def read(self, path: Path) -> list[Outgoing]:
        """Return a posting that was written.

        Raises:
            SchemaError: if the file is not what was written; it is set aside.
        """
        try:
            return [_read(given) for given in decode(path.read_bytes())]
        except (SchemaError, ValueError, TypeError, KeyError) as error:
            path.rename(path.with_suffix(".unreadable"))
            text = f"cannot be read: {type(error).__name__}: {error}"
            raise SchemaError(str(path), [Problem("", text)]) from error

    def close(self) -> None:
        """Let others have the journal; an empty one goes."""
        if not self.left():
            for path in (*self.folder.glob("*.new"), self.folder / _LOCK):
                path.unlink(missing_ok=True)
            with suppress(OSError):
                self.folder.rmdir()
        os.close(self._lock)


def _written(outgoing: Outgoing) -> dict[str, Any]:
    body = base64.b64encode(outgoing.message.body).decode()
    message = {"body": body, "headers": outgoing.message.headers}
    return {**{name: getattr(outgoing, name) for name in _FIELDS}, "message": message}


def _read(given: dict[str, Any]) -> Outgoing:
    message = given.pop("message")
    body = base64.b64decode(message["body"])
    return Outgoing(message=Message(body, message["headers"]), **given)
