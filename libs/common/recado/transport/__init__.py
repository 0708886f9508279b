"""Transports: the ways to a broker, found by the scheme of its URL."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeAlias

from recado.config import shown
from recado.errors import ConfigError, nearest
from recado.registry import Factory, Registry
from recado.transport.base import (
    DEAD_LETTERS,
    Browsed,
    Consumer,
    Deliver,
    Delivery,
    Depth,
    Settlement,
    Topology,
    Transport,
    UnsettledError,
    Verdict,
)

Opener: TypeAlias = Callable[[str, Callable[[], float]], Transport]

transports: Registry[Opener] = Factory.create_registry("transports")
"""What makes a transport of a URL, by the URL's scheme."""


@transports.register("sqlite")
def _embedded(url: str, clock: Callable[[], float]) -> Transport:
    from recado.transport.embedded import EmbeddedTransport

    return EmbeddedTransport(url, clock=clock)


@transports.register("amqp")
@transports.register("amqps")
def _rabbitmq(url: str, clock: Callable[[], float]) -> Transport:
    from recado.transport.rabbitmq import RabbitTransport

    return RabbitTransport(url, clock=clock)


@transports.register("stomp")
@transports.register("stomp+ssl")
def _activemq(url: str, clock: Callable[[], float]) -> Transport:
    from recado.transport.activemq import ActiveMQTransport

    return ActiveMQTransport(url, clock=clock)


def make_transport(url: str, *, clock: Callable[[], float] = time.time) -> Transport:
    """Return the transport for a broker's URL, not opened yet.

    Raises:
        ConfigError: for a URL that no transport understands.
    """
    scheme = url.partition(":")[0]
    if scheme not in transports:
        hint = nearest(scheme, map(str, transports.keys()))
        raise ConfigError(
            f"broker {shown(url)!r}: no transport for scheme {scheme!r}{hint}"
        )
    return transports.get(scheme)(url, clock)


__all__ = [
    "DEAD_LETTERS",
    "Browsed",
    "Consumer",
    "Deliver",
    "Delivery",
    "Depth",
    "Opener",
    "Settlement",
    "Topology",
    "Transport",
    "UnsettledError",
    "Verdict",
    "make_transport",
    "transports",
]
