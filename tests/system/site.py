"""A site: a broker's server that a test may hurt, in a network that it may cut."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from tests.brokers import ActiveMQ, RabbitMQ
from tests.brokers.management import vhost
from tests.brokers.netns import Namespace, namespace, refusal


@dataclass(frozen=True, slots=True)
class Site:
    """One server; several tests share it, each in a part of its own."""

    server: RabbitMQ | ActiveMQ
    place: Namespace | None
    """None where no network can be made: then it cannot be cut."""

    @contextmanager
    def part(self, **options: object) -> Generator[str]:
        """Make a part with nothing in it for the length of a block; give its URL."""
        if isinstance(self.server, ActiveMQ):
            yield self.server.url_with(uuid4().hex[:8], **options)
            return
        with vhost(self.server) as name:
            yield self.server.url_with(name, **options)

    async def restart(self, *, killed: bool, away_s: float = 1.0) -> None:
        """End the server, leave it away for a time, and start it on what it has on disk."""
        end = self.server.kill if killed else self.server.stop
        await asyncio.to_thread(end)
        await asyncio.sleep(away_s)
        await self.start()

    async def start(self) -> None:
        """Start the server, and return when it takes connections."""
        self.server.spawn()
        await asyncio.to_thread(self.server.await_ready)


@contextmanager
def site(name: str, folder: Path) -> Generator[Site]:
    """Start a server for the length of a block, in a network of its own if one can be made.

    Whether it has to be possible, the tests of these networks tell.
    """
    with ExitStack() as stack:
        place = None if refusal() else stack.enter_context(namespace())
        server: RabbitMQ | ActiveMQ
        if name == "rabbitmq":
            plugins = ["rabbitmq_management"]
            server = RabbitMQ(folder, plugins=plugins, place=place)
        else:
            server = ActiveMQ(folder, place=place)
        stack.enter_context(server)
        yield Site(server, place)
