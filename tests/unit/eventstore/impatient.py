"""A clock for tests in which nobody waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from recado.clock import Timer


class Impatient:
    """A clock that lets any wait pass at once, and notes how long it was."""

    def __init__(self, on_wait: Callable[[], None] = lambda: None) -> None:
        self.waits: list[float] = []
        self._on_wait = on_wait

    def __call__(self) -> float:
        return 0.0

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> Timer:
        self.waits.append(delay_s)
        self._on_wait()
        return asyncio.get_running_loop().call_soon(callback)
