"""The store in one SQLite file: a thread that appends, and one that reads.

What waits while a transaction goes to disk is appended in the next one, all together. A
position is given out under the write lock, so a reader never sees a later event before an
earlier one, whatever instance appended it.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Concatenate, Final, NamedTuple, ParamSpec, TypeVar

from recado.errors import RecadoError
from recado.schemas.events import (
    LogbookReply,
    ReadAllReply,
    ReadAllRequest,
    ReadReply,
    ReadRequest,
    RunReply,
    RunsReply,
    RunsRequest,
)
from recado_eventstore import reading, runreading
from recado_eventstore.journal import FileMark, Journal, file_mark
from recado_eventstore.store import Append, OnAppend, Place, StoreAwayError

GROUP_LIMIT: Final = 10_000
"""Events in one transaction; a single append may have more."""

P = ParamSpec("P")
T = TypeVar("T")


class _Waiting(NamedTuple):
    append: Append
    places: asyncio.Future[list[Place]]


class SqliteStore:
    """A :class:`~recado_eventstore.store.Store` in one SQLite file.

    ``busy_s`` is how long a lock that another process holds is waited for.
    """

    def __init__(
        self, path: Path, on_append: OnAppend = lambda _: None, *, busy_s: float = 5.0
    ) -> None:
        self._path = path
        self._on_append = on_append
        self._journal = Journal(path, busy_s)
        self._writer = ThreadPoolExecutor(1, "eventstore-writer")
        self._reader = ThreadPoolExecutor(1, "eventstore-reader")
        self._db: sqlite3.Connection | None = None
        self._file: FileMark | None = None
        self._waiting: deque[_Waiting] = deque()
        self._appending: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Prepare the database."""
        await asyncio.get_running_loop().run_in_executor(
            self._writer, self._journal.open
        )

    async def close(self) -> None:
        """Let go of the database, after what is being appended is on disk."""
        if self._appending:
            await asyncio.wait([self._appending])
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._writer, self._journal.close)
        await loop.run_in_executor(self._reader, self._disconnect)
        self._writer.shutdown()
        self._reader.shutdown()

    async def append(self, append: Append) -> list[Place]:
        """Return when the events are on disk, with the place of each."""
        waiting = _Waiting(append, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        if self._appending is None or self._appending.done():
            self._appending = asyncio.create_task(self._append_all())
        return await waiting.places

    async def head(self) -> int:
        """Return the last position."""
        return await self._read(reading.head)

    async def read(self, request: ReadRequest) -> ReadReply:
        """Return events of one stream."""
        return await self._read(reading.read, request)

    async def read_all(self, request: ReadAllRequest) -> ReadAllReply:
        """Return events of all streams."""
        return await self._read(reading.read_all, request)

    async def runs(self, request: RunsRequest) -> RunsReply:
        """Return runs, the newest first."""
        return await self._read(runreading.list_runs, request)

    async def logbook(self, run: str) -> LogbookReply:
        """Return what a run was started from."""
        return await self._read(runreading.read_logbook, run)

    async def run(self, run: str) -> RunReply:
        """Return one run."""
        return await self._read(runreading.show_run, run)

    async def _append_all(self) -> None:
        while self._waiting:
            await self._append_group(self._next_group())

    def _next_group(self) -> list[_Waiting]:
        group = [self._waiting.popleft()]
        size = len(group[0].append.events)
        while self._waiting:
            size += len(self._waiting[0].append.events)
            if size > GROUP_LIMIT:
                break
            group.append(self._waiting.popleft())
        return group

    async def _append_group(self, group: Sequence[_Waiting]) -> None:
        work = asyncio.get_running_loop().run_in_executor(
            self._writer, self._journal.append, [it.append for it in group]
        )
        await asyncio.wait([work])
        if error := work.exception():
            await self._fail(group, error)
            return
        results, head = work.result()
        self._on_append(head)
        for waiting, result in zip(group, results, strict=True):
            if waiting.places.done():
                continue
            if isinstance(result, RecadoError):
                waiting.places.set_exception(result)
            else:
                waiting.places.set_result(result)

    async def _fail(self, group: Sequence[_Waiting], error: BaseException) -> None:
        if len(group) > 1 and not isinstance(error, StoreAwayError):
            # One of them is at fault, and only that one may fail.
            for waiting in group:
                await self._append_group([waiting])
            return
        for waiting in group:
            if not waiting.places.done():
                waiting.places.set_exception(error)

    async def _read(
        self,
        function: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        def work() -> T:
            try:
                return function(self._connection(), *args, **kwargs)
            except sqlite3.DatabaseError as error:
                self._disconnect()
                raise StoreAwayError(f"event database {self._path}: {error}") from error

        return await asyncio.get_running_loop().run_in_executor(self._reader, work)

    def _connection(self) -> sqlite3.Connection:
        mark = file_mark(self._path)
        if mark != self._file:
            self._disconnect()
        if self._db is None:
            self._file = mark
            uri = f"{self._path.absolute().as_uri()}?mode=ro"
            self._db = sqlite3.connect(uri, uri=True, check_same_thread=False)
        return self._db

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
