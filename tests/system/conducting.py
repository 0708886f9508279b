"""Talking to a fleet as the command does: submit runs, wait for their end, count."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recado.clients.dispatch import request_message
from recado.clients.eventlog import EventLog
from recado.clients.letters import Letters
from recado.errors import DisconnectedError, NotFoundError, RequestTimeoutError
from recado.ids import new_id
from recado.message import Outgoing
from recado.schemas.events import RunReply
from recado.transport import DEAD_LETTERS, Transport, make_transport

QUEUES: Final = (
    *("processing_recipe", "expander", "events", "eventstore", "registry"),
    *("deadletter", "journal", "moody", "killer", "dying", "blocker", "clerk"),
    DEAD_LETTERS,
)
"""Those of the services that tests start: not every broker can list its queues."""


@dataclass(slots=True)
class Conductor:
    """A connection to a fleet's broker, and its clients."""

    transport: Transport
    log: EventLog
    letters: Letters

    async def submit(self, participants: str) -> str:
        """Submit the study for some participants; return the run id."""
        run = new_id()
        request = request_message(
            ["study"], parameters={"guid": run, "participants": participants}
        )
        await self.transport.publish([Outgoing("processing_recipe", request)])
        return run

    async def finished(self, run: str, patience_s: float = 60.0) -> RunReply:
        """Wait until a run is finished; told by the event store, not by polling."""
        position = 0
        async with asyncio.timeout(patience_s):
            while True:
                with suppress(RequestTimeoutError, NotFoundError, DisconnectedError):
                    shown = await self.log.run(run)
                    if shown.state in ("done", "incomplete"):
                        return shown
                try:
                    position = await self.log.wait(position, 2.0)
                except RequestTimeoutError:
                    pass
                except DisconnectedError:
                    await asyncio.sleep(0.2)

    async def left(self) -> dict[str, int]:
        """Return the queues that are not empty, and how many messages each holds."""
        depths = await self.transport.depths(QUEUES)
        return {name: depth.total for name, depth in depths.items() if depth.total}

    async def emptied(self, patience_s: float = 30.0) -> None:
        """Wait until no queue holds anything."""
        async with asyncio.timeout(patience_s):
            # The broker tells consumers only; who just looks has to look again.
            while await self.left():  # noqa: ASYNC110
                await asyncio.sleep(0.05)


@asynccontextmanager
async def conducting(url: str) -> AsyncGenerator[Conductor]:
    """Connect to a fleet's broker for the length of a block."""
    transport = make_transport(url)
    await transport.open()
    try:
        yield Conductor(
            transport, EventLog(transport, timeout_s=3.0), Letters(transport)
        )
    finally:
        await transport.close()


def recorded(state: Path, type_: str) -> list[dict[str, Any]]:
    """Return the data of every event of a type, straight from the event store's file."""
    database = sqlite3.connect(f"file:{state}/events.db?mode=ro", uri=True)
    try:
        rows = database.execute("SELECT data FROM events WHERE type = ?", (type_,))
        return [json.loads(data) for (data,) in rows]
    finally:
        database.close()
