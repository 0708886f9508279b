"""Part of a broker with queues whose dead letters the broker keeps, and both worlds' tools."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest

from recado.ids import new_id
from tests.brokers import ActiveMQ, RabbitMQ
from tests.brokers.management import vhost
from tests.integration.deadletters.tools import Recado
from tests.integration.zocalo.neighbour import Zocalo


@pytest.fixture
def path(rabbitmq: RabbitMQ) -> Generator[str]:
    """A virtual host with nothing in it."""
    with vhost(rabbitmq) as path:
        yield path


@pytest.fixture
def on_rabbitmq(rabbitmq: RabbitMQ, path: str, tmp_path: Path) -> tuple[Recado, Zocalo]:
    """Both worlds' tools, for the virtual host."""
    url = rabbitmq.url_with(path)
    return Recado(tmp_path, url), Zocalo(tmp_path, rabbitmq, path)


@pytest.fixture
def space() -> str:
    """A namespace with nothing in it."""
    return f"test.{new_id()[:8]}"


@pytest.fixture
def on_activemq(
    activemq: ActiveMQ, space: str, tmp_path: Path
) -> tuple[Recado, Zocalo]:
    """Both worlds' tools, for the namespace."""
    url = activemq.url_with(space)
    return Recado(tmp_path, url), Zocalo(tmp_path, activemq, space)
