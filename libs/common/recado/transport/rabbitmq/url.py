"""The URL of a RabbitMQ, and the options that it may have."""

from __future__ import annotations

from typing import Final

from recado.transport.address import Address, read_address
from recado.transport.options import CEILING, seconds

PORT, SECURE_PORT = 5672, 5671
_OPTIONS: Final = {
    "ceiling": CEILING,
    "heartbeat": seconds(1, 600),
    "hold": seconds(0.1, 24 * 3600),
}


def read_url(url: str) -> Address:
    """Return what a URL says.

    Raises:
        ConfigError: if it cannot be used.
    """
    return read_address(url, port=PORT, secure_port=SECURE_PORT, options=_OPTIONS)
