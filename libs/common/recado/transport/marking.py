"""Marking: a delivery is settled once, and a batch of them as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from recado.errors import SettledError
from recado.transport.base import Delivery


def mark(deliveries: Sequence[Delivery]) -> None:
    """Mark deliveries as settled: all, or none.

    Raises:
        SettledError: if one of them is settled already, or is there twice.
    """
    for index, delivery in enumerate(deliveries):
        if delivery.settled:
            unmark(deliveries[:index])
            raise SettledError(f"message {delivery.message.id} is settled already")
        delivery.settled = True


def unmark(deliveries: Sequence[Delivery]) -> None:
    """Take marks back: nothing came of the settlement."""
    for delivery in deliveries:
        delivery.settled = False
