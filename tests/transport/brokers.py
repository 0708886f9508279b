"""The brokers that the contract suite runs over; a new one is entered here."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import pytest

from tests.transport.activemq_broker import activemq_broker
from tests.transport.broker import Broker
from tests.transport.embedded_broker import embedded_broker
from tests.transport.rabbitmq_broker import rabbitmq_broker

ON_NETWORK: Final = ("rabbitmq", "activemq")
BROKERS: Final = ("embedded", *ON_NETWORK)


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
