"""The sender: what a job sends leaves through it, in order, whenever the broker is there.

The job never waits for the broker. What it sends is written to the journal, and leaves
from there; if the broker is away, it waits, and the job goes on.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final

from recado.clock import Clock, pause
from recado.errors import (
    RefusedError,
    SchemaError,
    TransportError,
    UnroutableError,
    UnsupportedError,
)
from recado.events import EVENTS_QUEUE
from recado.letter import Letter
from recado.message import Message, Outgoing
from recado.transport.base import DEAD_LETTERS, Topology, Transport
from recado.transport.sizes import check_sizes
from recado.wrapping.journal import Journal

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 15.0
_AT_ONCE: Final = 100
"""Postings that are sent together, at most."""
_AT_FAULT: Final = (RefusedError, UnroutableError, UnsupportedError)
"""What a broker that is there says of a message; it may be only one of many."""


@dataclass(slots=True, eq=False)
class _Waiting:
    """A posting that waits to be sent: on disk, or here if the disk did not take it."""

    path: Path | None
    posting: Sequence[Outgoing] = ()


class Sender:
    """Sends postings in order; those that an earlier execution left go first."""

    def __init__(
        self,
        transport: Transport,
        journal: Journal,
        clock: Clock,
        log: FilteringBoundLogger,
        topology: Topology = "declare",
    ) -> None:
        self.connected = asyncio.Event()
        """Set once the broker was there."""
        self.tried = asyncio.Event()
        """Set once it is known whether it is there at the start."""
        self._transport = transport
        self._journal = journal
        self._clock = clock
        self._log = log
        self._topology: Topology = topology
        self._waiting = deque(_Waiting(path) for path in journal.left())
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._order = asyncio.Lock()
        (self._some if self._waiting else self._none).set()

    @property
    def left(self) -> int:
        """How many postings the broker has not confirmed."""
        return len(self._waiting)

    @property
    def is_flowing(self) -> bool:
        """Whether everything so far is sent."""
        return self.connected.is_set() and not self._waiting

    @property
    def is_kept(self) -> bool:
        """Whether what waits is all on disk."""
        return all(each.path is not None for each in self._waiting)

    async def put(self, posting: Sequence[Outgoing]) -> None:
        """Take a posting; it is safe when this returns.

        Raises:
            RefusedError: if it is larger than any broker takes.
        """
        if not posting:
            return
        check_sizes(posting)
        async with self._order:
            try:
                path = await asyncio.to_thread(self._journal.write, posting)
            except OSError as error:
                # A full disk costs the safety, and not yet the output.
                self._log.warning("job.not_kept", error=error.strerror or str(error))
                self._add(_Waiting(None, posting))
            else:
                self._add(_Waiting(path))

    def tell(self, posting: Sequence[Outgoing]) -> None:
        """Take a posting that may be lost."""
        self._add(_Waiting(None, posting))

    def _add(self, waiting: _Waiting) -> None:
        self._waiting.append(waiting)
        self._none.clear()
        self._some.set()

    async def emptied(self) -> None:
        """Wait until the broker has confirmed everything."""
        await self._none.wait()

    async def run(self) -> None:
        """Connect, and send whatever comes, until cancelled.

        Raises:
            ConfigError: if the broker's URL, or the place it names, cannot be used.
        """
        await self._connect()
        wait_s = FIRST_WAIT_S
        while True:
            await self._some.wait()
            error = await self._send(list(islice(self._waiting, _AT_ONCE)))
            wait_s = FIRST_WAIT_S if error is None else await self._pause(wait_s, error)

    async def _connect(self) -> None:
        wait_s = FIRST_WAIT_S
        while True:
            try:
                await self._transport.open()
                queues = [EVENTS_QUEUE, DEAD_LETTERS]
                await self._transport.declare(queues, self._topology)
            except TransportError as error:
                self.tried.set()
                wait_s = await self._pause(wait_s, error)
            else:
                self.connected.set()
                self.tried.set()
                return

    async def _send(self, batch: Sequence[_Waiting]) -> TransportError | None:
        postings = await asyncio.to_thread(self._read, batch)
        try:
            await self._transport.publish(list(chain.from_iterable(postings)))
        except _AT_FAULT:
            return await self._send_apart(batch, postings)
        except TransportError as error:
            return error
        await self._forget(batch)
        return None

    async def _send_apart(
        self, batch: Sequence[_Waiting], postings: Sequence[Sequence[Outgoing]]
    ) -> TransportError | None:
        """Send each posting alone, so that one which is not taken keeps no other back."""
        failure: TransportError | None = None
        for each, posting in zip(batch, postings, strict=True):
            try:
                for outgoing in posting:
                    await self._send_one(outgoing)
            except _AT_FAULT as error:
                failure = error
                # However many are not taken, what comes behind them has its turn.
                self._waiting.remove(each)
                self._waiting.append(each)
            except TransportError as error:
                failure = error
            else:
                await self._forget([each])
        return failure

    async def _send_one(self, outgoing: Outgoing) -> None:
        try:
            await self._transport.publish([outgoing])
        except (UnroutableError, UnsupportedError) as error:
            if outgoing.queue in (EVENTS_QUEUE, DEAD_LETTERS):
                raise
            self._log.error(
                "job.unroutable", queue=outgoing.queue, message_id=outgoing.message.id
            )
            letter = dead_letter(outgoing, str(error), self._clock())
            await self._transport.publish([letter])

    def _read(self, batch: Sequence[_Waiting]) -> list[Sequence[Outgoing]]:
        return [self._posting(each) for each in batch]

    def _posting(self, waiting: _Waiting) -> Sequence[Outgoing]:
        if waiting.path is None:
            return waiting.posting
        try:
            return self._journal.read(waiting.path)
        except SchemaError as error:
            self._log.error("job.unreadable", error=str(error))
            return []

    async def _forget(self, batch: Sequence[_Waiting]) -> None:
        paths = [each.path for each in batch if each.path is not None]
        await asyncio.to_thread(_remove, paths)
        for each in batch:
            self._waiting.remove(each)
        if not self._waiting:
            self._some.clear()
            self._none.set()

    async def _pause(self, wait_s: float, error: Exception) -> float:
        self._log.warning(
            "job.waiting",
            count=len(self._waiting),
            retry_in_s=wait_s,
            error=f"{type(error).__name__}: {error}",
        )
        await pause(self._clock, wait_s)
        return min(LONGEST_WAIT_S, wait_s * 2)


def dead_letter(outgoing: Outgoing, text: str, now: float) -> Outgoing:
    """Return the dead letter of an output that the broker has no queue for."""
    message = outgoing.message
    letter = Letter(
        reason="unroutable",
        text=text,
        queue=outgoing.queue,
        attempts=1,
        at=now,
        service="wrap",
        run=message.run,
    )
    headers = {**message.headers, **letter.header()}
    return Outgoing(DEAD_LETTERS, Message(message.body, headers))


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
