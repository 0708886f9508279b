"""Time: what time it is, and calls that are due later.

Everything that waits goes through a clock that is passed in, so that a test moves time
instead of sleeping.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Protocol


class Timer(Protocol):
    """A call that is due later."""

    def cancel(self) -> None:
        """Have the call not happen."""
        ...


class Clock(Protocol):
    """Says what time it is, and calls back later."""

    def __call__(self) -> float:
        """Return the seconds since the epoch."""
        ...

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call back once, after a time."""
        ...


class SystemClock:
    """The machine's clock; what is due later runs on the event loop's steady one."""

    def __call__(self) -> float:
        """Return the seconds since the epoch."""
        return time.time()

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        """Call back once, after a time; a clock that is set back changes nothing."""
        return asyncio.get_running_loop().call_later(delay_s, callback)


async def pause(clock: Clock, seconds: float) -> None:
    """Wait for a time."""
    event = asyncio.Event()
    timer = clock.call_later(seconds, event.set)
    try:
        await event.wait()
    finally:
        timer.cancel()


async def told(clock: Clock, event: asyncio.Event, seconds: float) -> bool:
    """Wait until an event is set, for a time at most; return whether it is."""
    timer_event = asyncio.Event()
    timer = clock.call_later(seconds, timer_event.set)
    waits = [asyncio.create_task(each.wait()) for each in (event, timer_event)]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        timer.cancel()
        for wait in waits:
            wait.cancel()
    return event.is_set()
