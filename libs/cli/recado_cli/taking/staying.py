"""What has to stay in its queue: held for a while, so that it does not come again at once."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Final

from recado.errors import TransportError
from recado.transport import Delivery, Settlement, Transport, Verdict
from recado_cli.taking.settling import settle

MOST_STAYING: Final = 100
"""Messages that are held because they have to stay, at most."""


class Staying:
    """Holds messages, and puts them back."""

    def __init__(self, transport: Transport) -> None:
        self.reasons: dict[str, str] = {}
        """Why messages stay in the queue, by their ids."""
        self._transport = transport
        self._held: list[Delivery] = []
        self._put_back_since: set[str] = set()
        """The messages that were put back since one left the queue."""

    def __len__(self) -> int:
        """Return how many are held now."""
        return len(self._held)

    def keep(self, delivery: Delivery, why: str) -> None:
        """Have a message stay in the queue."""
        self._held.append(delivery)
        self.reasons[delivery.message.id] = why

    def forget(self) -> None:
        """Begin anew: something has left the queue, so others may come now."""
        self._put_back_since.clear()

    async def unblock(self) -> bool:
        """Put back what is held; return false if it was put back in vain before."""
        held = {each.message.id for each in self._held}
        if held & self._put_back_since:
            return False
        self._put_back_since |= held
        await self.put_back()
        return True

    async def put_back(self, others: Iterable[Delivery] = ()) -> None:
        """Put back what is held, and others that nobody began with."""
        settlements = [
            Settlement(each, Verdict.RELEASE) for each in (*self._held, *others)
        ]
        self._held.clear()
        with suppress(TransportError):  # it goes back when the connection ends
            await settle(self._transport, settlements)
