"""Waiting with an end: for work to finish, unless something else comes first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from recado.clock import Clock


async def finished(work: Awaitable[object], unless: asyncio.Event) -> bool:
    """Wait until work is finished, unless an event is set; return which it was.

    Work that is not finished is cancelled. What it raises is raised here.
    """
    task = asyncio.ensure_future(work)
    end = asyncio.create_task(unless.wait())
    try:
        await asyncio.wait({task, end}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            return False
        task.result()
        return True
    finally:
        end.cancel()
        task.cancel()


async def within(clock: Clock, seconds: float, work: Awaitable[object]) -> bool:
    """Wait until work is finished, for a time at most; return whether it is."""
    over = asyncio.Event()
    timer = clock.call_later(seconds, over.set)
    try:
        return await finished(work, over)
    finally:
        timer.cancel()
