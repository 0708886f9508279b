"""Each test of the contract runs over every broker."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from recado.transport import DEAD_LETTERS, Transport
from tests.transport.broker import Broker
from tests.transport.brokers import BROKERS, made

QUEUE = "work"


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
