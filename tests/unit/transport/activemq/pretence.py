"""A broker that only pretends: it notes what it gets, and answers as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import TypeAlias

from recado.transport.activemq import ActiveMQTransport
from recado.transport.activemq.frames import Frame, FrameParser, frame

Answer: TypeAlias = Callable[[Frame], Sequence[bytes] | None]
"""Returns what is answered to a frame; None: what a broker would."""

CONNECTED = frame("CONNECTED", {"version": "1.1", "heart-beat": "5000,5000"})
END = {"browser": "end"}


def usual(got: Frame) -> Sequence[bytes]:
    """Return what a broker without any messages answers."""
    if got.command == "CONNECT":
        return [CONNECTED]
    answers: list[bytes] = []
    if got.headers.get("browser"):
        answers.append(frame("MESSAGE", {"subscription": got.headers["id"], **END}))
    if "receipt" in got.headers:
        answers.append(receipt(got))
    return answers


def receipt(got: Frame) -> bytes:
    """Return the receipt for a frame."""
    return frame("RECEIPT", {"receipt-id": got.headers["receipt"]})


class Pretence:
    """Listens on loopback; ``answer`` may be changed at any time."""

    def __init__(self) -> None:
        self.port = 0
        self.frames: list[Frame] = []
        self.bytes: list[bytes] = []
        self.connections: list[asyncio.StreamWriter] = []
        self.answer: Answer = lambda _: None
        self.is_reading = asyncio.Event()
        self.is_reading.set()
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"stomp://user:secret@127.0.0.1:{self.port}"

    def sent(self, command: str) -> list[Frame]:
        """Return the frames of a command that it got."""
        return [each for each in self.frames if each.command == command]

    async def got(self, command: str, count: int = 1) -> Frame:
        """Wait until it got so many frames of a command; return the last."""
        async with asyncio.timeout(10):
            while len(self.sent(command)) < count:
                self._changed.clear()
                await self._changed.wait()
        return self.sent(command)[count - 1]

    def send(self, *frames: bytes) -> None:
        """Send frames over the newest connection."""
        self.connections[-1].write(b"".join(frames))

    async def serve(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self.connections.append(writer)
        parser = FrameParser()
        try:
            while True:
                await self.is_reading.wait()
                if not (data := await reader.read(1 << 16)):
                    return
                self.bytes.append(data)
                parser.feed_data(data)
                for each in parser.pop_frames():
                    self.frames.append(each)
                    answers = self.answer(each)
                    writer.writelines(usual(each) if answers is None else answers)
                self._changed.set()
        except (ConnectionError, asyncio.CancelledError):
            return
        finally:
            writer.transport.abort()

    async def end(self) -> None:
        """End everything that serves."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def pretence() -> AsyncGenerator[Pretence]:
    """Listen for the length of a block."""
    broker = Pretence()
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    broker.port = server.sockets[0].getsockname()[1]
    try:
        yield broker
    finally:
        server.close()
        await broker.end()


@asynccontextmanager
async def opened(
    broker: Pretence, options: str = ""
) -> AsyncGenerator[ActiveMQTransport]:
    """Open a transport, with a queue ``work``, for the length of a block."""
    transport = ActiveMQTransport(f"{broker.url}{options}")
    await transport.open()
    await transport.declare(["work"])
    broker.frames.clear()
    try:
        yield transport
    finally:
        await transport.abandon()
