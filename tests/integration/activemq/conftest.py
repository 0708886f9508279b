"""A server that tests may stop and kill, and connections that are closed in the end."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from typing import TypeAlias

import pytest

from recado.ids import new_id
from recado.transport import DEAD_LETTERS, Transport, make_transport
from tests.brokers import ActiveMQ

Open: TypeAlias = Callable[..., Awaitable[Transport]]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[ActiveMQ]:
    """A server of this module's own: whoever ends it starts it again."""
    with ActiveMQ(tmp_path_factory.mktemp("activemq")) as server:
        yield server


@pytest.fixture
def space() -> str:
    """A namespace of this test's own."""
    return f"test.{new_id()[:8]}"


@pytest.fixture
async def opened(server: ActiveMQ, space: str) -> AsyncGenerator[Open]:
    """Open connections to the namespace, with a queue ``work`` and the dead letters."""
    transports: list[Transport] = []

    async def open_(**options: object) -> Transport:
        transport = make_transport(server.url_with(space, **options))
        transports.append(transport)
        await transport.open()
        await transport.declare(["work", DEAD_LETTERS])
        return transport

    yield open_
    for transport in transports:
        await transport.close()


async def browsed(transport: Transport, queue: str) -> list[str]:
    """Return the ids of the messages in a queue."""
    return [each.message.id for each in await transport.browse(queue, limit=10_000)]
