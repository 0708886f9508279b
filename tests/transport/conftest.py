"""Each test of the contract runs over every broker that is entered here."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import pytest

from recado.transport import DEAD_LETTERS, Transport
from tests.transport.broker import Broker
from tests.transport.embedded_broker import EmbeddedBroker

QUEUE = "work"


@asynccontextmanager
async def embedded(folder: Path) -> AsyncGenerator[Broker]:
    broker = EmbeddedBroker(folder)
    yield broker
    await broker.close()


BROKERS: dict[str, Callable[[Path], AbstractAsyncContextManager[Broker]]] = {
    "embedded": embedded,
}


@pytest.fixture(params=BROKERS)
async def broker(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[Broker]:
    async with BROKERS[request.param](tmp_path) as broker:
        yield broker


@pytest.fixture
async def transport(broker: Broker) -> Transport:
    """A connection to a broker that has a queue ``work`` and the dead letters."""
    transport = await broker.open()
    await transport.declare([QUEUE, DEAD_LETTERS])
    return transport
