"""Each test of the contract runs over every broker."""

from __future__ import annotations

import pytest

from recado.transport import DEAD_LETTERS, Transport
from tests.transport.broker import Broker

QUEUE = "work"


@pytest.fixture
async def transport(broker: Broker) -> Transport:
    """A connection to a broker that has a queue ``work`` and the dead letters."""
    transport = await broker.open()
    await transport.declare([QUEUE, DEAD_LETTERS])
    return transport
