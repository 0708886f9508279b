"""What every test needs, and the brokers' servers that many of them share."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from tests.brokers import ActiveMQ, RabbitMQ
from tests.transport.broker import Broker
from tests.transport.brokers import BROKERS, made


def pytest_configure() -> None:
    """Have tests meet no installation of Zocalo, and hear signals that were ignored before.

    Without a file of settings recado would take the broker of that installation.

    A shell starts what runs in its background without Ctrl-C, ``nohup`` without the end of
    the terminal, and processes pass that on; tests that send these signals to processes of
    their own would wait for ever.
    """
    for name in ("ZOCALO_CONFIG", "ZOCALO_DEFAULT_ENV"):
        os.environ.pop(name, None)
    for ignored, action in (
        (signal.SIGINT, signal.default_int_handler),
        (signal.SIGHUP, signal.SIG_DFL),
    ):
        if signal.getsignal(ignored) is signal.SIG_IGN:
            signal.signal(ignored, action)


@pytest.fixture
def dice() -> random.Random:
    """Return chance whose seed is printed; ``RECADO_SEED`` repeats it."""
    seed = int(os.environ.get("RECADO_SEED", random.randrange(10**6)))
    print(f"RECADO_SEED={seed}")
    return random.Random(seed)


@pytest.fixture(scope="session")
def rabbitmq(tmp_path_factory: pytest.TempPathFactory) -> Generator[RabbitMQ]:
    """A RabbitMQ for all tests that harm nobody else's virtual host."""
    folder = tmp_path_factory.mktemp("rabbitmq")
    statistics = "collect_statistics_interval = 500"
    with RabbitMQ(folder, [statistics], plugins=["rabbitmq_management"]) as server:
        yield server


@pytest.fixture(scope="session")
def activemq(tmp_path_factory: pytest.TempPathFactory) -> Generator[ActiveMQ]:
    """An ActiveMQ for all tests that harm nobody else's queues."""
    with ActiveMQ(tmp_path_factory.mktemp("activemq")) as server:
        yield server


@pytest.fixture(params=BROKERS)
async def broker(
    request: pytest.FixtureRequest, tmp_path: Path
) -> AsyncGenerator[Broker]:
    """Each broker in turn, for tests that are to hold on all of them."""
    async with made(request.param, request, tmp_path) as broker:
        yield broker
