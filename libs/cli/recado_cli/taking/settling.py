"""Settling as far as that can be done, and saying of the rest why it cannot."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recado.errors import RefusedError
from recado.transport import Delivery, Settlement, Transport, UnsettledError


@dataclass(frozen=True, slots=True)
class Settled:
    """What came of settlements: those carried out, and why others are not."""

    done: Sequence[Settlement]
    unroutable: Sequence[tuple[Delivery, str]] = ()
    """Deliveries, and the queues that they would need."""
    refused: Sequence[tuple[Delivery, str]] = ()
    """Deliveries of which the broker does not take what they send, and what it says."""


async def settle(transport: Transport, settlements: Sequence[Settlement]) -> Settled:
    """End deliveries as far as that can be done; what is stale comes again by itself.

    Raises:
        TransportError: if the broker is away or refuses; then nothing is settled.
    """
    try:
        return await _settled(transport, settlements)
    except RefusedError as error:
        if not any(each.outgoing for each in settlements):
            raise
        if len(settlements) == 1:
            return Settled([], refused=[(settlements[0].delivery, str(error))])
    parts = [await settle(transport, [each]) for each in settlements]
    return Settled(
        [each for part in parts for each in part.done],
        [each for part in parts for each in part.unroutable],
        [each for part in parts for each in part.refused],
    )


async def _settled(transport: Transport, settlements: Sequence[Settlement]) -> Settled:
    waiting = list(settlements)
    unroutable: list[tuple[Delivery, str]] = []
    while waiting:
        try:
            await transport.settle(waiting)
            break
        except UnsettledError as error:
            lost = {waiting[n].delivery: queue for n, queue in error.unroutable.items()}
            unroutable += lost.items()
            gone = {*error.stale, *lost}
            waiting = [each for each in waiting if each.delivery not in gone]
    return Settled(waiting, unroutable)
