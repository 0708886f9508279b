"""A virtual host for each test, transports to it, and a plain connection beside them."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import AsyncExitStack
from typing import TypeAlias

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel

from recado.transport.rabbitmq import RabbitTransport
from tests.brokers import RabbitMQ
from tests.brokers.certificates import make_certificates
from tests.brokers.management import vhost

Opened: TypeAlias = Callable[..., Awaitable[RabbitTransport]]

REGISTERED_S = 2.0
"""RabbitMQ 3.10 writes a new quorum queue down a moment after it said that it is there;
killed before, it forgets what is in it. Nothing tells when that is done."""


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory) -> Generator[RabbitMQ]:
    """A server of secure connections to ill-treat: whoever does makes it good again."""
    folder = tmp_path_factory.mktemp("own")
    certificates = make_certificates(folder / "certificates")
    with RabbitMQ(folder / "server", certificates=certificates) as server:
        yield server


def secure(server: RabbitMQ, **options: object) -> str:
    """Return the URL of a server of secure connections."""
    assert server.certificates is not None
    return server.url_with("", cafile=server.certificates.authority, **options)


@pytest.fixture
def path(rabbitmq: RabbitMQ) -> Generator[str]:
    """A virtual host with nothing in it."""
    with vhost(rabbitmq) as path:
        yield path


@pytest.fixture
async def opened(rabbitmq: RabbitMQ, path: str) -> AsyncGenerator[Opened]:
    """Open transports, with options; all are closed in the end."""
    async with AsyncExitStack() as stack:

        async def opened(**options: object) -> RabbitTransport:
            transport = RabbitTransport(rabbitmq.url_with(path, **options))
            return await stack.enter_async_context(transport)

        yield opened


@pytest.fixture
async def transport(opened: Opened) -> RabbitTransport:
    """A transport to a virtual host that has a queue ``work`` and the dead letters."""
    transport = await opened()
    await transport.declare(["work"])
    return transport


@pytest.fixture
async def plain(rabbitmq: RabbitMQ, path: str) -> AsyncGenerator[AbstractChannel]:
    """A channel as somebody has who knows nothing of recado."""
    async with await aio_pika.connect(rabbitmq.url_with(path)) as connection:
        yield await connection.channel(on_return_raises=True)
