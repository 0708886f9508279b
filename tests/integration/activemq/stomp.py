"""A client of another kind, such as Zocalo's: it knows nothing of recado."""

from __future__ import annotations

import asyncio
from types import TracebackType

from recado.transport.activemq.frames import Frame, FrameParser, frame
from tests.brokers import ActiveMQ
from tests.transport.inbox import PATIENCE_S


class Stomp:
    """A connection that sends what it is told, and waits for one frame at a time."""

    def __init__(self, server: ActiveMQ) -> None:
        self._server = server
        self._parser = FrameParser()
        self._frames: list[Frame] = []
        self._number = 0

    async def __aenter__(self) -> Stomp:
        self._reading, self._writing = await asyncio.open_connection(
            self._server.host, self._server.port
        )
        user, password = self._server.login.split(":")
        self._writing.write(
            frame(
                "CONNECT",
                {"accept-version": "1.1", "login": user, "passcode": password},
            )
        )
        assert (await self.next()).command == "CONNECTED"
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._writing.close()
        await self._writing.wait_closed()

    async def next(self) -> Frame:
        """Return the next frame."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._frames:
                self._parser.feed_data(await self._reading.read(1 << 20))
                self._frames += self._parser.pop_frames()
        return self._frames.pop(0)

    async def do(self, command: str, body: bytes = b"", **headers: str) -> None:
        """Send a frame, and wait until it is carried out."""
        self._number += 1
        receipt = f"do{self._number}"
        self._writing.write(frame(command, {**headers, "receipt": receipt}, body))
        answer = await self.next()
        assert answer.command == "RECEIPT", answer
        assert answer.headers["receipt-id"] == receipt
