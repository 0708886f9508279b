"""What the contract suite wants of a broker: a way in, a way to crash, a clock.

To have another broker tested, write a class that does this, add what it cannot do to
``differences.py``, and enter it in ``brokers.py``.
"""

from __future__ import annotations

from typing import Protocol

from recado.message import Message
from recado.transport import Transport
from tests.transport.differences import Differences


class Broker(Protocol):
    """A broker with no queues in it, made for one test."""

    differences: Differences

    def url(self, *, lease_s: float | None = None, ceiling: int | None = None) -> str:
        """Return the URL that any process may open it by."""
        ...

    async def open(
        self, *, lease_s: float | None = None, ceiling: int | None = None
    ) -> Transport:
        """Return a new connection, as a second process would have; closed by itself."""
        ...

    async def abandon(self, transport: Transport) -> None:
        """Make a connection vanish as if its process had been killed."""
        ...

    async def advance(self, seconds: float) -> None:
        """Let time pass; only a broker with a clock of its own has to wait for it."""
        ...

    async def look(self, queue: str) -> list[Message]:
        """Return the messages of a queue that can be seen, oldest first; all stay."""
        ...

    async def subscriptions(self, topic: str) -> int:
        """Return how many subscribers the broker keeps messages of a topic for."""
        ...
