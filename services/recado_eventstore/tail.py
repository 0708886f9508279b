"""The end of the log, as this instance knows it: who waits for it is told, never asks."""

from __future__ import annotations

import asyncio


class Tail:
    """The last position, and a way to wait until there is a later one."""

    def __init__(self, position: int = 0) -> None:
        self.position = position
        self._moved = asyncio.Event()

    def advance(self, position: int) -> None:
        """Note that the log reaches up to a position; wakes everyone who waits."""
        if position > self.position:
            self.position = position
            self._moved.set()
            self._moved = asyncio.Event()

    async def beyond(self, position: int) -> None:
        """Return as soon as the log reaches further than a position."""
        while self.position <= position:
            await self._moved.wait()
