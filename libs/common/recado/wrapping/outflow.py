"""What a job writes: passed on as it comes, byte for byte, and its end kept.

No more is read than has been passed on, so a job that writes faster than its output is
taken waits, as it would without us.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from recado.clock import Clock
from recado.pipes import piped
from recado.runtime.draining import within
from recado.runtime.threads import Threads
from recado.wrapping.tail import Tail

CHUNK: Final = 64 * 1024
HELD: Final = 4 * CHUNK
"""Bytes that may be on their way from the job to us, in the pipe and behind it, at most."""
LAST_S: Final = 2.0


class Outflow:
    """One stream of a job, on its way to one of ours."""

    def __init__(
        self, reader: asyncio.StreamReader, target: int, tail: Tail, threads: Threads
    ) -> None:
        self.tail = tail
        self._reader = reader
        self._target: int | None = target
        self._threads = threads
        self._is_writing = False
        self._task = asyncio.create_task(self._flow())

    async def _flow(self) -> None:
        while data := await self._reader.read(CHUNK):
            self.tail.add(data)
            if self._target is not None:
                self._is_writing = True
                await self._threads.run(self._write, data)
                self._is_writing = False

    def _write(self, data: bytes) -> None:
        assert self._target is not None
        try:
            while data:
                data = data[os.write(self._target, data) :]
        except OSError:
            # Nobody reads it any more, or the disk is full: the job goes on.
            self._target = None

    async def ended(self, clock: Clock, hurry: asyncio.Event) -> None:
        """Wait until everything is passed on that the job had written when it ended.

        A process that it left behind may hold the stream open, or write on; it is not
        waited for. Nor is, in a ``hurry``, who does not read.
        """
        most = self.tail.total + HELD
        while not await within(clock, LAST_S, asyncio.shield(self._task)):
            if not self._is_writing or self.tail.total > most or hurry.is_set():
                break
        self._task.cancel()


@asynccontextmanager
async def outflow(
    target: int, tail: Tail, threads: Threads
) -> AsyncGenerator[tuple[Outflow, int]]:
    """Give a stream, and the end of its pipe that the job is to write to."""
    async with piped(CHUNK) as (reader, end):
        yield Outflow(reader, target, tail, threads), end
