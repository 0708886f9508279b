"""The one thread of a process that writes: all that waits goes into one transaction.

A commit to disk costs the same for one message as for hundreds, so while one is under way
everything that arrives waits, and is the next one. Claims come after whatever else is in
a transaction, so that a settlement and the claim that follows it are one.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, TypeAlias

from recado.errors import DisconnectedError, RecadoError, RefusedError
from recado.transport.embedded.store import Store

Answer: TypeAlias = Callable[[Any, BaseException | None], None]


@dataclass(slots=True)
class Work:
    """Something to be done within a transaction, and who wants to hear of it.

    ``run`` raises a :class:`RecadoError` only before it has written anything.
    """

    run: Callable[[Store], Any]
    answer: Answer
    durable: bool = True
    """Whether a power cut may not undo it."""
    is_claim: bool = False
    result: Any = None
    error: BaseException | None = field(default=None)


class Writer:
    """Runs work in transactions, on a thread of its own; answers come on the loop."""

    def __init__(
        self,
        store: Store,
        lock: AbstractContextManager[None],
        woken: Callable[[dict[int, int]], None],
        *,
        durable: bool,
        name: str,
    ) -> None:
        self._store = store
        self._lock = lock
        self._woken = woken
        self._durable = durable
        self._is_full = durable
        self._loop = asyncio.get_running_loop()
        self._waiting: SimpleQueue[Work | None] = SimpleQueue()
        self._stopped = False
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._name = name
        self._thread = threading.Thread(
            target=self._work, name="recado-writer", daemon=True
        )
        self._thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the thread is there to do work."""
        return self._thread.is_alive() and not self._stopped

    def submit(self, work: Work) -> None:
        """Have work done; its answer is called on the loop.

        Raises:
            DisconnectedError: if the writer has stopped.
        """
        if self._stopped:
            raise DisconnectedError(f"the connection to {self._name} is closed")
        self._waiting.put(work)

    async def do(self, run: Callable[[Store], Any], *, durable: bool = True) -> Any:
        """Do something within a transaction and return its result."""
        future: asyncio.Future[Any] = self._loop.create_future()
        self.submit(
            Work(run, lambda result, error: settle(future, result, error), durable)
        )
        return await future

    async def stop(self) -> None:
        """Finish what waits, then end the thread."""
        if not self._stopped:
            self._stopped = True
            self._waiting.put(None)
        # Not by joining the thread: if another process keeps the lock, whoever waits
        # here can still be cancelled, and the program can still end.
        await asyncio.shield(self._ended)

    def _work(self) -> None:
        going = True
        while going:
            going, batch = self._gather()
            if batch:
                self._transact(batch)
                self._report(batch)
        self._store.database.close()
        self._tell(settle, self._ended, None, None)

    def _gather(self) -> tuple[bool, list[Work]]:
        batch: list[Work] = []
        work = self._waiting.get()
        with suppress(Empty):
            while work is not None:
                batch.append(work)
                work = self._waiting.get_nowait()
            return False, _ordered(batch)
        return True, _ordered(batch)

    def _transact(self, batch: Sequence[Work]) -> None:
        try:
            self._set_durability(any(work.durable for work in batch))
            with self._lock:
                self._run(batch)
        except Exception as error:
            self._undo()
            if len(batch) == 1:
                batch[0].error = self._meaning(error)
                return
            # One of them is at fault; alone, each of the others goes through.
            for work in batch:
                work.result = work.error = None
                self._transact([work])

    def _run(self, batch: Sequence[Work]) -> None:
        database = self._store.database
        database.execute("BEGIN IMMEDIATE")
        for work in batch:
            try:
                work.result = work.run(self._store)
            except RecadoError as error:
                work.error = error
        database.execute("COMMIT")

    def _undo(self) -> None:
        self._store.forget()
        with suppress(sqlite3.Error):
            if self._store.database.in_transaction:
                self._store.database.execute("ROLLBACK")

    def _meaning(self, error: Exception) -> Exception:
        if isinstance(error, sqlite3.Error | OSError):
            reason = getattr(error, "strerror", None) or error
            refused = RefusedError(f"{self._name} does not take it: {reason}")
            refused.__cause__ = error
            return refused
        return error

    def _set_durability(self, full: bool) -> None:
        full = full and self._durable
        if full != self._is_full:
            level = "FULL" if full else "NORMAL"
            self._store.database.execute(f"PRAGMA synchronous={level}")
            self._is_full = full

    def _report(self, batch: Sequence[Work]) -> None:
        woken, self._store.woken = self._store.woken, {}
        self._tell(self._answer, batch, woken)

    def _tell(self, call: Callable[..., None], *values: Any) -> None:
        with suppress(RuntimeError):  # the loop is closed: nobody is left to hear it
            self._loop.call_soon_threadsafe(call, *values)

    def _answer(self, batch: Sequence[Work], woken: dict[int, int]) -> None:
        for work in batch:
            work.answer(work.result, work.error)
        if woken:
            self._woken(woken)


def _ordered(batch: list[Work]) -> list[Work]:
    batch.sort(key=lambda each: each.is_claim)
    return batch


def settle(
    future: asyncio.Future[Any], result: Any, error: BaseException | None
) -> None:
    """Give a future its end, unless whoever waited has gone."""
    if future.done():
        return
    if error is None:
        future.set_result(result)
    else:
        future.set_exception(error)
