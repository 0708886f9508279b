"""A second service at work on a harness's broker."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from recado.config import Settings
from recado.runtime import Runtime
from recado.service import Service
from recado.testing import Harness


class _Shared:
    """A transport that somebody else opens and closes."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    async def open(self) -> None:
        """Do nothing: it is open."""

    async def close(self) -> None:
        """Do nothing: it stays open."""


@asynccontextmanager
async def beside(
    h: Harness, service: Service, settings: Settings
) -> AsyncGenerator[None]:
    """Run another service on a harness's broker, by its clock."""
    transport: Any = _Shared(h.transport)
    runtime = Runtime(service, transport, settings, clock=h.clock)
    await runtime.start()
    try:
        yield
    finally:
        runtime.stop()
        await runtime.drain()
