"""The event log, for whoever wants to append to it, read it or follow it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, TypeVar

from pydantic import BaseModel

from recado.errors import RequestTimeoutError
from recado.events import APPEND, Event
from recado.requests import ask
from recado.schemas.events import (
    EVENTSTORE_QUEUE,
    HEAD,
    PAGE_LIMIT,
    READ,
    READ_ALL,
    RUNS_ADMIT,
    RUNS_LIST,
    RUNS_LOGBOOK,
    RUNS_SHOW,
    WAIT,
    AdmitReply,
    AppendedEvent,
    AppendReply,
    Expected,
    HeadReply,
    LogbookReply,
    ReadAllReply,
    ReadReply,
    RunReply,
    RunsReply,
    RunState,
    StoredEvent,
)

if TYPE_CHECKING:
    from recado.transport.base import Transport

M = TypeVar("M", bound=BaseModel)
_SPARE_S: Final = 5.0
"""What a request that waits may take beyond its wait."""


class EventLog:
    """Asks the event store, through a transport that is open.

    Every method raises what :func:`recado.requests.ask` raises: ``RequestTimeoutError``
    if no event store answers in time.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        timeout_s: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._transport = transport
        self._timeout_s = timeout_s
        self._clock = clock

    async def append(
        self,
        events: Sequence[Event],
        expect: Mapping[str, Expected] | None = None,
    ) -> list[AppendedEvent]:
        """Append events, all or none; return where each is.

        ``expect`` says what streams must be at: a version, ``no_stream``,
        ``stream_exists`` or ``any``. An event without a time gets the present one. What
        timed out may be repeated with the same events: each is written once.

        Raises:
            ConflictError: if a stream is not at what was expected.
            SchemaError: with every problem of the events.
        """
        told = [event.to_json() | {"at": event.at or self._clock()} for event in events]
        value = {"events": told, "expect": dict(expect or {})}
        return (await self._ask(APPEND, value, AppendReply)).appended

    async def head(self) -> int:
        """Return the last position."""
        return (await self._ask(HEAD, {}, HeadReply)).position

    async def read(
        self,
        stream: str,
        from_version: int | None = None,
        *,
        limit: int = 100,
        backwards: bool = False,
    ) -> ReadReply:
        """Return a page of a stream, from a version on; from its end if backwards."""
        value = {
            "stream": stream,
            "from_version": from_version,
            "limit": limit,
            "backwards": backwards,
        }
        return await self._ask(READ, value, ReadReply)

    async def read_all(
        self,
        position: int = 0,
        *,
        limit: int = 100,
        types: Sequence[str] = (),
        prefix: str = "",
    ) -> ReadAllReply:
        """Return a page of what comes behind a position, over all streams.

        Read on from the reply's position, which advances even if nothing matched.
        """
        value = {
            "position": position,
            "limit": limit,
            "types": list(types),
            "prefix": prefix,
        }
        return await self._ask(READ_ALL, value, ReadAllReply)

    async def wait(self, position: int, timeout_s: float = 10.0) -> int:
        """Return the last position once it is behind a known one, or time is up."""
        value = {"position": position, "timeout_s": timeout_s}
        reply = await self._ask(WAIT, value, HeadReply, timeout_s + _SPARE_S)
        return reply.position

    async def follow(
        self,
        position: int = 0,
        *,
        types: Sequence[str] = (),
        prefix: str = "",
        limit: int = PAGE_LIMIT,
    ) -> AsyncGenerator[StoredEvent]:
        """Give every event behind a position, and from then on each one as it comes.

        Ends only when it is closed. An event store that is away for a while, or is
        started anew, is waited for.
        """
        while True:
            try:
                page = await self.read_all(
                    position, limit=limit, types=types, prefix=prefix
                )
            except RequestTimeoutError:
                continue
            for event in page.events:
                yield event
            position = page.position
            if position >= page.head:
                await self._later(position)

    async def runs(
        self,
        state: RunState | None = None,
        *,
        limit: int = 100,
        before: int | None = None,
    ) -> RunsReply:
        """Return a page of runs, the newest first; the reply's ``next`` asks for more."""
        value = {"state": state, "limit": limit, "before": before}
        return await self._ask(RUNS_LIST, value, RunsReply)

    async def run(self, run: str) -> RunReply:
        """Return one run: its state, counts, steps and dead letters.

        Raises:
            NotFoundError: if the event store never heard of it.
        """
        return await self._ask(RUNS_SHOW, {"run": run}, RunReply)

    async def logbook(self, run: str) -> LogbookReply:
        """Return what a run was started from: request, filters, parameters, recipe.

        Raises:
            NotFoundError: if the event store never heard of it, or of its start.
        """
        return await self._ask(RUNS_LOGBOOK, {"run": run}, LogbookReply)

    async def admit(self, run: str, user: str, limit: int) -> AdmitReply:
        """Ask whether a run may start, as far as its submitter's limit is concerned.

        Of all who ask at the same time, no more are admitted than there may be. Who was
        admitted once is admitted again.
        """
        value = {"run": run, "user": user, "limit": limit}
        return await self._ask(RUNS_ADMIT, value, AdmitReply)

    async def _later(self, position: int) -> None:
        try:
            await self.wait(position)
        except RequestTimeoutError:
            return

    async def _ask(
        self,
        type_: str,
        value: object,
        model: type[M],
        timeout_s: float | None = None,
    ) -> M:
        return await ask(
            self._transport,
            EVENTSTORE_QUEUE,
            type_,
            value,
            model=model,
            timeout_s=self._timeout_s if timeout_s is None else timeout_s,
        )
