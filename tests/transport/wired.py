"""What the brokers on the network share: connections over wires that can be cut."""

from __future__ import annotations

import asyncio
from typing import Final

from recado.transport import Transport, make_transport
from tests.brokers import Server
from tests.brokers.wire import Wire

_CLOSED_S: Final = 10.0


class Wired:
    """Connections to a part of a server; time passes as it does."""

    def __init__(self, server: Server, path: str) -> None:
        self.path = path
        self._target = server
        self._wires: dict[Transport, Wire] = {}

    def url(self, *, lease_s: float | None = None, ceiling: int | None = None) -> str:
        """Return the URL of this part; these brokers know no lease."""
        options = {} if ceiling is None else {"ceiling": ceiling}
        return self._target.url_with(self.path, **options)

    async def open(
        self, *, lease_s: float | None = None, ceiling: int | None = None
    ) -> Transport:
        """Connect over a wire of its own."""
        target = self._target
        wire = Wire(target.host, target.port)
        await wire.open()
        url = self.url(ceiling=ceiling)
        there, here = f"@{target.host}:{target.port}", f"@{wire.host}:{wire.port}"
        transport = make_transport(url.replace(there, here))
        self._wires[transport] = wire
        await transport.open()
        return transport

    async def abandon(self, transport: Transport) -> None:
        """Cut the wire: for the broker, the process was killed."""
        await self._wires[transport].cut()

    async def advance(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def close(self) -> None:
        """Close every connection, those too whose wire is cut."""
        async with asyncio.timeout(_CLOSED_S):
            await asyncio.gather(*(transport.close() for transport in self._wires))
        await asyncio.gather(*(wire.cut() for wire in self._wires.values()))
