"""The management interface of a real server, and a virtual host with an awkward name."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from uuid import uuid4

import pytest

from recado.management import Management, VirtualHost, management_address
from tests.brokers import RabbitMQ


@pytest.fixture
async def management(rabbitmq: RabbitMQ) -> AsyncGenerator[Management]:
    """The server's management interface, opened."""
    url = f"http://{rabbitmq.login}@{rabbitmq.host}:{rabbitmq.http_port}/"
    async with Management(management_address(url, "")) as management:
        yield management


@pytest.fixture
async def path(management: Management) -> AsyncGenerator[str]:
    """A virtual host with nothing in it; its name has to be encoded everywhere."""
    vhost = VirtualHost(name=f"a/b %{uuid4().hex[:8]}")
    await management.put(vhost)
    yield vhost.name
    await management.delete(vhost)
