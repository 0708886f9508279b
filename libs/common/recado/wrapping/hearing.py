"""What a job says on its line: taken one after another, made safe, and answered."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any, Final

from recado.errors import Problem, RecadoError, SchemaError
from recado.message import decode, encode
from recado.wrapping.ending import Word
from recado.wrapping.job import UPDATES
from recado.wrapping.line import LONGEST
from recado.wrapping.parts import Parts
from recado.wrapping.pulse import Pulse
from recado.wrapping.saying import Checkpoint, Ended, Send, Task, number_of, understood
from recado.wrapping.sender import Sender

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_LONGEST_TOLD: Final = 2_000
"""Characters of an update in an event, at most."""
_TOO_LONG: Final = Problem("", f"is longer than {LONGEST} bytes")


class Hearing:
    """Our end of the line to a job."""

    def __init__(
        self, parts: Parts, sender: Sender, pulse: Pulse, log: FilteringBoundLogger
    ) -> None:
        self.told: set[str] = set()
        """The outputs that the job has sent to."""
        self.word: Word | None = None
        """What the job said of its end."""
        self.is_awake = False
        """Whether the job has said anything yet."""
        self._parts = parts
        self._sender = sender
        self._pulse = pulse
        self._log = log

    async def run(self, line: socket.socket, first: object = None) -> None:
        """Say the first thing, if any, and take what the job says until it hangs up."""
        reader, writer = await asyncio.open_connection(sock=line, limit=LONGEST)
        try:
            if first is not None:
                writer.write(encode(first) + b"\n")
            while (said := await self._next(reader)) != b"":
                answer = await self._taken(said)
                if answer is not None:
                    writer.write(encode(answer) + b"\n")
                    await writer.drain()
        except ConnectionError:
            # The job has hung up, and all that it had said is taken.
            pass
        finally:
            writer.close()

    async def _next(self, reader: asyncio.StreamReader) -> bytes | None:
        try:
            return await reader.readline()
        except ValueError:
            return None

    async def _taken(self, line: bytes | None) -> dict[str, Any] | None:
        """Take what was said; return the answer, if one is wanted."""
        said: Any = None
        error = ""
        try:
            if line is None:
                raise SchemaError("the job's line", [_TOO_LONG])
            said = decode(line)
            await self._take(understood(said))
        except RecadoError as failure:
            error = str(failure)
            self._log.warning("job.misheard", error=error)
        self.is_awake = True
        number = number_of(said)
        if number is None:
            return None
        return {"n": number, "error": error} if error else {"n": number}

    async def _take(self, what: Send | Checkpoint | Task | Ended) -> None:
        match what:
            case Send():
                await self._send(what)
            case Checkpoint():
                parts = self._parts.checkpoint(what.checkpoint, what.delay_s)
                await self._sender.put(parts)
            case Task():
                self._pulse.change(task=what.task)
            case Ended():
                self.word = Word(what.ended, what.text)

    async def _send(self, what: Send) -> None:
        posting = self._parts.output(
            what.send, what.payload, delay_s=what.delay_s, headers=what.headers
        )
        if what.send == UPDATES:
            posting += self._parts.tell({"update": _short(what.payload)})
        await self._sender.put(posting)
        self.told.add(what.send)


def _short(payload: object) -> object:
    text = encode(payload).decode()
    return payload if len(text) <= _LONGEST_TOLD else f"{text[:_LONGEST_TOLD]}…"
