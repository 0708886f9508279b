"""STOMP by hand: what a client of no library says and hears."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.brokers.activemq import ActiveMQ


@dataclass(frozen=True, slots=True)
class Frame:
    """What the broker says; header values as they are on the wire."""

    command: str
    headers: dict[str, str]
    body: bytes


class Stomp:
    """A connection on which one frame follows the other."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, command: str, headers: Mapping[str, str], body: bytes = b"") -> None:
        """Say something."""
        lines = [command, *(f"{name}:{value}" for name, value in headers.items())]
        self._writer.write("\n".join([*lines, "", ""]).encode() + body + b"\0")

    async def frame(self) -> Frame:
        """Return what the broker says next; a body may hold no zero byte."""
        text = (await self._reader.readuntil(b"\0"))[:-1].lstrip(b"\n")
        head, _, body = text.partition(b"\n\n")
        command, *lines = head.decode().split("\n")
        return Frame(command, dict(line.split(":", 1) for line in lines), body)


@asynccontextmanager
async def stomp(server: ActiveMQ) -> AsyncGenerator[Stomp]:
    """Connect for the length of a block."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    user, _, password = server.login.partition(":")
    connection = Stomp(reader, writer)
    connection.send(
        "CONNECT",
        {"accept-version": "1.2", "host": "/", "login": user, "passcode": password},
    )
    try:
        assert (await connection.frame()).command == "CONNECTED"
        yield connection
    finally:
        writer.close()
