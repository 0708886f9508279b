"""Requests that wait, come again and share a key, on each broker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from recado.clients.dispatch import request_message, submit
from recado.clients.eventlog import EventLog
from recado.config import Settings
from recado.runtime import Runtime
from recado.schemas.events import StoredEvent
from recado.transport import DEAD_LETTERS, Transport
from recado_dispatcher.service import Dispatcher
from recado_eventstore.service import EventStore
from recado_samples.hello import Hello
from tests.transport.broker import Broker

RECIPE = '{"start": [[1, {"name": "you"}]], "1": {"queue": "hello"}}'


@pytest.fixture
async def transport(broker: Broker, tmp_path: Path) -> AsyncGenerator[Transport]:
    """A connection to a broker at which two dispatchers are at work."""
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "hello.json").write_text(RECIPE)
    settings = Settings(
        state=tmp_path, recipes=tmp_path / "recipes", runs_per_user=1, grace_s=5.0
    )
    transport = await broker.open()
    await transport.declare([DEAD_LETTERS])
    services = [EventStore(), Dispatcher(), Dispatcher(), Hello()]
    runtimes = [Runtime(each, await broker.open(), settings) for each in services]
    running = [asyncio.create_task(runtime.run()) for runtime in runtimes]
    yield transport
    for runtime in runtimes:
        runtime.stop()
    assert await asyncio.gather(*running) == [0] * len(running)


async def told(transport: Transport, type_: str, count: int) -> list[StoredEvent]:
    """Return events of a type, once so many are recorded."""
    async with asyncio.timeout(60):
        found: list[StoredEvent] = []
        async for event in EventLog(transport).follow(types=[type_]):
            found.append(event)
            if len(found) == count:
                break
        return found


async def test_what_waits_starts_once_and_in_time(transport: Transport) -> None:
    due = time.time() + 2
    await transport.declare(["processing_recipe"])
    for _ in range(3):
        await submit(transport, request_message(["hello"], idempotency_key="k"))
    for number in range(3):
        await submit(transport, request_message(["hello"], user=f"user {number % 2}"))
    await submit(transport, request_message(["hello"], start_at=due, user="late"))

    await told(transport, "run.repeated", 2)
    await told(transport, "run.finished", 5)

    rows = (await EventLog(transport).runs()).runs
    (late,) = [row for row in rows if row.user == "late"]
    assert {row.state for row in rows} == {"done"}
    assert {row.finishes for row in rows} == {1}
    assert len(rows) == 5
    assert late.started_at is not None
    assert late.started_at >= due
    assert (await transport.depth(DEAD_LETTERS)).total == 0
