"""Routing: what has no queue to go to, and how that is told."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from operator import attrgetter

from recado.errors import UnroutableError, nearest
from recado.message import Outgoing
from recado.transport.base import Settlement


def undeclared(queue: str, known: Iterable[str]) -> UnroutableError:
    """Return the error for one queue that is none, with a hint at those that are."""
    return UnroutableError(
        f"nobody has declared queue {queue!r}{nearest(queue, known)}"
    )


def all_undeclared(queues: Iterable[str]) -> UnroutableError:
    """Return the error that names every queue that is missing."""
    names = ", ".join(map(repr, queues))
    return UnroutableError(f"nobody has declared: {names}")


def unroutable(
    settlements: Sequence[Settlement],
    missing: Container[str],
    place_of: Callable[[Outgoing], str] = attrgetter("queue"),
) -> dict[int, str]:
    """Return, by settlement, a missing queue that it sends to and has to reach.

    ``place_of`` tells by what name a message's goal is missing, if it is.
    """
    return {
        index: place
        for index, settlement in enumerate(settlements)
        for each in settlement.outgoing
        if (place := place_of(each)) in missing and each.mandatory and not each.is_topic
    }
