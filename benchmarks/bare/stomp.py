"""The bare STOMP loop that the ActiveMQ transport is measured against.

Persistent messages, prefetch 100, uvloop. What has come is handled together, in one
transaction: its children, their report, the acknowledgements. One transaction is under way
at a time, since the broker serves a connection in order.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from typing import Final, cast
from urllib.parse import urlsplit

import uvloop

from benchmarks.bare.work import Sent, handled

PREFETCH: Final = 100
_ESCAPES: Final = str.maketrans({"\\": "\\\\", ":": "\\c", "\n": "\\n", "\r": "\\r"})
Frame = tuple[str, dict[str, str], bytes]


def frame(command: str, headers: Mapping[str, str], body: bytes = b"") -> bytes:
    """Return a frame as it goes over the wire."""
    lines = [
        f"{k.translate(_ESCAPES)}:{v.translate(_ESCAPES)}" for k, v in headers.items()
    ]
    return "\n".join([command, *lines, "\n"]).encode() + body + b"\0"


def transaction(number: int, sent: Sequence[Sent], acks: Sequence[str]) -> bytes:
    """Return the frames of a transaction that sends and acknowledges."""
    name = {"transaction": str(number)}
    frames = [frame("BEGIN", name)]
    for queue, headers, body in sent:
        own = {"destination": f"/queue/{queue}", "persistent": "true", **name}
        own["content-length"] = str(len(body))
        frames.append(frame("SEND", {**headers, **own}, body))
    frames += [frame("ACK", {"id": ack, **name}) for ack in acks]
    frames.append(frame("COMMIT", {**name, "receipt": f"r{number}"}))
    return b"".join(frames)


class Wire(asyncio.Protocol):
    """Takes frames apart, and hands on what came with one read."""

    def __init__(self, queue: str, user: str, password: str) -> None:
        self._queue = queue
        self._user = user
        self._password = password
        self._buffer = bytearray()
        self._waiting: list[Frame] = []
        self._under_way = False
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        login = {"login": self._user, "passcode": self._password}
        hello = {"accept-version": "1.2", "host": "localhost", "heart-beat": "0,0"}
        taking = {
            "id": "0",
            "destination": f"/queue/{self._queue}",
            "ack": "client-individual",
            "activemq.prefetchSize": str(PREFETCH),
        }
        self._transport.write(
            frame("CONNECT", hello | login) + frame("SUBSCRIBE", taking)
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (found := self._frame()) is not None:
            command, _, _ = found
            if command == "MESSAGE":
                self._waiting.append(found)
            elif command == "RECEIPT":
                self._under_way = False
            elif command == "ERROR":
                raise RuntimeError(found)
        if self._waiting and not self._under_way:
            self._settle()

    def _settle(self) -> None:
        batch, self._waiting = self._waiting, []
        taken = [
            ({k: v for k, v in h.items() if k.startswith("recado")}, b)
            for _, h, b in batch
        ]
        self._number += 1
        self._under_way = True
        acks = [headers["ack"] for _, headers, _ in batch]
        self._transport.write(
            transaction(self._number, handled(self._queue, taken), acks)
        )

    def _frame(self) -> Frame | None:
        while self._buffer.startswith(b"\n"):
            del self._buffer[:1]
        end = self._buffer.find(b"\n\n")
        if end < 0:
            return None
        command, *lines = self._buffer[:end].decode().split("\n")
        headers = dict(_read(line) for line in reversed(lines))
        length = headers.get("content-length")
        stop = end + 2 + int(length) if length else self._buffer.find(b"\0", end)
        if stop < 0 or len(self._buffer) <= stop:
            return None
        body = bytes(self._buffer[end + 2 : stop])
        del self._buffer[: stop + 1]
        return command, headers, body


def _read(line: str) -> tuple[str, str]:
    name, _, value = line.partition(":")
    if "\\" in line:
        name, value = (
            text.replace("\\c", ":").replace("\\n", "\n").replace("\\\\", "\\")
            for text in (name, value)
        )
    return name, value


async def relay(url: str, queue: str) -> None:
    """Carry messages from a queue to where the recipe sends them, until killed."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    wire = Wire(queue, parts.username or "", parts.password or "")
    await loop.create_connection(
        lambda: wire, parts.hostname or "", parts.port or 61613
    )
    await asyncio.Event().wait()


if __name__ == "__main__":
    uvloop.run(relay(*sys.argv[1:]))
