"""Part of a broker for a module's tests, with recado's services and Zocalo's on it.

It is a virtual host of RabbitMQ's, unless the module says otherwise.
"""

from __future__ import annotations

from asyncio.subprocess import Process
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import aio_pika
import pytest
import pytest_asyncio

from tests.brokers import RabbitMQ, Server
from tests.brokers.management import vhost
from tests.integration.zocalo.neighbour import Zocalo
from tests.system.conducting import Conductor, conducting
from tests.system.fleet import Fleet


@pytest.fixture(scope="module")
def server(rabbitmq: RabbitMQ) -> Server:
    """The broker that both worlds share."""
    return rabbitmq


@pytest.fixture(scope="module")
def part(rabbitmq: RabbitMQ) -> Generator[str]:
    """A virtual host with nothing in it."""
    with vhost(rabbitmq) as part:
        yield part


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where both worlds keep their files."""
    return tmp_path_factory.mktemp("both")


@pytest.fixture(scope="module")
def ours() -> tuple[str, ...]:
    """The names of recado's services that run."""
    return ("dispatcher", "eventstore", "deadletter", "registry", "shout")


@pytest.fixture(scope="module")
def zocalo(folder: Path, server: Server, part: str) -> Zocalo:
    """Zocalo, installed."""
    return Zocalo(folder, server, part)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def theirs(server: Server, part: str) -> None:
    """The queues of Zocalo's services, made as its own tool makes them."""
    async with await aio_pika.connect(server.url_with(part)) as connection:
        channel = await connection.channel()
        for name in ("whisper", "heard", "jsonlines"):
            dead = f"dlq.{name}"
            await channel.declare_queue(
                dead, durable=True, arguments={"x-queue-type": "quorum"}
            )
            await channel.declare_queue(
                name,
                durable=True,
                arguments={
                    "x-queue-type": "quorum",
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": dead,
                    "x-delivery-limit": 5,
                },
            )


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ships(
    ours: tuple[str, ...],
    folder: Path,
    server: Server,
    part: str,
    zocalo: Zocalo,
    theirs: None,
) -> AsyncGenerator[Fleet]:
    """Recado's services."""
    url = server.url_with(part)
    ships = Fleet(folder / "state", zocalo.recipes, RECADO_BROKER=url)
    try:
        await ships.start_all(ours)
        yield ships
    finally:
        await ships.stop()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def conductor(ships: Fleet) -> AsyncGenerator[Conductor]:
    """A connection to them."""
    async with conducting(ships.url) as conductor:
        yield conductor


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whisper(zocalo: Zocalo, ships: Fleet) -> AsyncGenerator[Process]:
    """A service as a Zocalo site has it."""
    async with zocalo.serving("Whisper") as process:
        yield process
