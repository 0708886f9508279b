"""What a job writes is passed on, for as long as that makes sense."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Generator
from contextlib import suppress
from threading import Event, Thread

import pytest

from recado.clock import SystemClock
from recado.runtime.threads import Threads
from recado.wrapping import outflow as module
from recado.wrapping.outflow import CHUNK, HELD, outflow
from recado.wrapping.tail import Tail


@pytest.fixture
def slow() -> Generator[int]:
    """A pipe whose reader takes its time."""
    source, target = os.pipe()
    over = Event()

    def read() -> None:
        while not over.wait(0.001) and os.read(source, CHUNK):
            pass

    reader = Thread(target=read)
    reader.start()
    yield target
    over.set()
    os.close(target)
    reader.join()
    os.close(source)


def write_on(end: int) -> None:
    """Write until nobody takes it any more."""
    with suppress(BrokenPipeError):
        while True:
            os.write(end, b"y\n" * CHUNK)
    os.close(end)


async def test_who_goes_on_writing_when_the_job_has_ended_is_not_waited_for(
    slow: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LAST_S", 0.05)
    tail = Tail(10)
    async with outflow(slow, tail, Threads("test")) as (flow, end):
        writing = Thread(target=write_on, args=(end,))
        writing.start()
        async with asyncio.timeout(10):
            await flow.ended(SystemClock(), asyncio.Event())
        assert tail.total > HELD
    await asyncio.to_thread(writing.join)


async def test_who_does_not_read_is_waited_for_unless_there_is_a_hurry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "LAST_S", 0.05)
    source, target = os.pipe()
    hurry = asyncio.Event()
    async with outflow(target, Tail(10), Threads("test")) as (flow, end):
        # More than one pipe takes, and all that the other does.
        await asyncio.to_thread(os.write, end, bytes(2 * CHUNK))
        os.close(end)
        began = time.monotonic()
        asyncio.get_running_loop().call_later(0.3, hurry.set)
        async with asyncio.timeout(10):
            await flow.ended(SystemClock(), hurry)
        assert time.monotonic() - began >= 0.3
    os.close(source)
    os.close(target)
