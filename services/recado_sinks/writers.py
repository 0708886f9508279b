"""Writers: lines that come while a folder is written are written together next."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

from recado.runtime.threads import Threads
from recado_sinks.lines import Lines

Append: TypeAlias = (
    "Callable[[Path, Mapping[str, Sequence[Lines]]], Mapping[str, Exception]]"
)
"""Appends lines, by file name, to a folder's files; returns what failed, by file name."""

_Waiting: TypeAlias = "tuple[str, Lines, asyncio.Future[None]]"


class Writers:
    """One writer for each folder that has lines waiting, each in a thread of its own."""

    def __init__(self, append: Append) -> None:
        self._append = append
        self._threads = Threads("lines")
        self._waiting: dict[Path, list[_Waiting]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.written = 0
        """Lines on disk."""

    @property
    def busy(self) -> int:
        """Folders that are being written."""
        return len(self._waiting)

    def close(self) -> None:
        """End the threads that have nothing to do."""
        self._threads.close()

    async def add(self, path: Path, lines: Lines) -> None:
        """Return when a message's lines are on disk.

        Raises:
            OSError: if it cannot be written now.
            UnfitFileError: if it never can be.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if (waiting := self._waiting.get(path.parent)) is None:
            waiting = self._waiting[path.parent] = []
            task = asyncio.create_task(self._write(path.parent, waiting))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.append((path.name, lines, done))
        await done

    async def _write(self, folder: Path, waiting: list[_Waiting]) -> None:
        while waiting:
            batch, waiting[:] = waiting[:], ()
            by_name: dict[str, list[Lines]] = {}
            for name, lines, _ in batch:
                by_name.setdefault(name, []).append(lines)
            try:
                failed = await self._threads.run(self._append, folder, by_name)
            except Exception as error:
                failed = dict.fromkeys(by_name, error)
            self._tell(batch, failed)
        del self._waiting[folder]

    def _tell(self, batch: Sequence[_Waiting], failed: Mapping[str, Exception]) -> None:
        for name, lines, done in batch:
            error = failed.get(name)
            self.written += len(lines.texts) if error is None else 0
            # Whoever waited may have been cancelled; the lines come again then, and are
            # found to be there.
            if done.done():
                continue
            if error is None:
                done.set_result(None)
            else:
                done.set_exception(error)
