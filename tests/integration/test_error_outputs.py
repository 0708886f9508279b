"""No recipe keeps a dead letter from being indexed, whatever its error outputs are called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from recado.clients.letters import Letters
from recado.config import Settings
from recado.envelope import Envelope
from recado.ids import new_id
from recado.letter import Letter
from recado.message import ID, RECIPE, RUN, Message, Outgoing, encode
from recado.runtime import Runtime
from recado.schemas.letters import LetterFilter
from recado.transport import DEAD_LETTERS, Transport
from recado_deadletter.service import DeadLetters
from tests.transport.broker import Broker
from tests.transport.inbox import consuming, eventually

NAMES = {
    "long": "x" * 300,
    "a zero": "a\0b",
    "no ASCII": "fehler für später",
    "a wildcard": "errors.>",
    "stars": "*.*",
    "another scheme": "queue://errors?consumer.exclusive=true",
    "a list": "errors,errors2",
    "the broker's own": "amq.errors",
    "a line": "a\nb:c",
    "a prefix": "/topic/errors",
}
"""Names that some broker cannot have, or reads in a way of its own."""


@pytest.fixture
async def transport(broker: Broker, tmp_path: Path) -> AsyncGenerator[Transport]:
    """A connection to a broker at which a dead-letter service is at work."""
    transport = await broker.open()
    await transport.declare(["errors", DEAD_LETTERS])
    runtime = Runtime(
        DeadLetters(), await broker.open(), Settings(state=tmp_path, grace_s=5.0)
    )
    running = asyncio.create_task(runtime.run())
    yield transport
    runtime.stop()
    assert await running == 0


def dead(step: dict[str, Any]) -> Outgoing:
    """Return a dead letter whose recipe has an error output to a step."""
    recipe: dict[str, Any] = {
        "1": {"queue": "work", "error": [2]},
        "2": step,
        "start": [[1, {}]],
    }
    body: dict[str, Any] = {
        "recipe": recipe,
        "recipe-pointer": 1,
        "environment": {"ID": "run"},
        "payload": step,
    }
    head = {RECIPE: "true", ID: new_id(), RUN: "run"}
    letter = Letter("rejected", "no", "work", 1, 1.0, service="worker")
    return Outgoing(DEAD_LETTERS, Message(encode(body), head | letter.header()))


@pytest.mark.parametrize("kind", ["queue", "topic"])
async def test_hostile_names_block_nobody_and_the_others_are_told(
    transport: Transport, kind: str
) -> None:
    inbox = await consuming(transport, "errors")
    hostile = [dead({kind: name}) for name in NAMES.values()]

    await transport.publish([*hostile, dead({"queue": "errors"})])

    told = Envelope.read((await inbox.next(30.0)).message)
    assert told.payload["payload"] == {"queue": "errors"}
    letters = Letters(transport)

    async def all_indexed() -> bool:
        page = await letters.list(LetterFilter(run="run"))
        return page.total == len(NAMES) + 1

    await eventually(all_indexed, "all letters are indexed", 30.0)

    async def taken() -> bool:
        return (await transport.depth(DEAD_LETTERS)).total == 0

    await eventually(taken, "no dead letter is left", 30.0)
