"""Each test of the contract runs over every broker that is entered here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from recado.transport import DEAD_LETTERS, Transport
from tests.transport.activemq_broker import activemq_broker
from tests.transport.broker import Broker
from tests.transport.embedded_broker import embedded_broker
from tests.transport.rabbitmq_broker import rabbitmq_broker

QUEUE = "work"
BROKERS = ("embedded", "rabbitmq", "activemq")


@asynccontextmanager
async def made(
    name: str, request: pytest.FixtureRequest, folder: Path
) -> AsyncGenerator[Broker]:
    """Make a broker; its server is started when the first test wants it."""
    match name:
        case "rabbitmq":
            async with rabbitmq_broker(request.getfixturevalue("rabbitmq")) as broker:
                yield broker
        case "activemq":
            async with activemq_broker(request.getfixturevalue("activemq")) as broker:
                yield broker
        case _:
            async with embedded_broker(folder) as broker:
                yield broker


@pytest.fixture(params=BROKERS)
async def broker(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[Broker]:
    async with made(request.param, request, tmp_path) as broker:
        yield broker


@pytest.fixture
async def transport(broker: Broker) -> Transport:
    """A connection to a broker that has a queue ``work`` and the dead letters."""
    transport = await broker.open()
    await transport.declare([QUEUE, DEAD_LETTERS])
    return transport
