"""Arguments: how queues are declared, for each purpose and each version of RabbitMQ."""

from __future__ import annotations

from typing import Any, Final

from recado.transport.base import DEAD_LETTERS
from recado.transport.rabbitmq import ladder

_LIMIT_BY_DEFAULT: Final = (4, 0)
"""From this version on, a quorum queue without a delivery limit has one, of 20."""
TOPIC: Final = "fanout"
"""The type of a topic's exchange; it is durable, as Zocalo's are."""
_DAY_MS: Final = 24 * 3600 * 1000
HOLD_LEASE_MS: Final = 60_000
"""How long after a held message was last renewed it goes back, if its holder is gone."""


def delivery_limit(ceiling: int) -> int:
    """Return the deliveries after which RabbitMQ gives a message up.

    It is the last net only: our own ceiling comes long before it.
    """
    return max(50, 3 * ceiling)


def queue(name: str, ceiling: int, version: tuple[int, ...]) -> dict[str, Any]:
    """Return the arguments of a queue that services consume."""
    if name == DEAD_LETTERS:
        return _last_resort(version)
    return {
        **_passing_on(DEAD_LETTERS),
        "x-delivery-limit": delivery_limit(ceiling),
    }


def _last_resort(version: tuple[int, ...]) -> dict[str, Any]:
    """Return arguments of a queue that gives nothing up: a dead letter dies no second death."""
    has_limit = version >= _LIMIT_BY_DEFAULT
    return {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        **({"x-delivery-limit": -1} if has_limit else {}),
    }


def step(level: int) -> dict[str, Any]:
    """Return the arguments of a waiting queue of the ladder."""
    return {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-dead-letter-exchange": ladder.below(level),
        "x-dead-letter-strategy": "at-least-once",
        "x-message-ttl": ladder.milliseconds(level),
    }


def hold(target: str) -> dict[str, Any]:
    """Return the arguments of a queue for what one process holds for long."""
    return {
        **_passing_on(target),
        "x-message-ttl": HOLD_LEASE_MS,
        "x-expires": _DAY_MS,
    }


def _passing_on(target: str) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": target,
        "x-dead-letter-strategy": "at-least-once",
    }
