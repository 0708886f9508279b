"""Ports of this machine that nobody uses."""

from __future__ import annotations

import random
import socket
from typing import Final

_RANGE: Final = range(15_000, 32_000)
"""Below the ports that systems give to outgoing connections: none is taken meanwhile."""
_chosen: set[int] = set()


def free_port() -> int:
    """Return a port that nothing listens on, another one at each call."""
    while True:
        port = random.SystemRandom().choice(_RANGE)
        if port not in _chosen and _is_free(port):
            _chosen.add(port)
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
