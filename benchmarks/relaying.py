"""A relay's process: a service that sends on what it gets.

``relaying QUEUE URL STATE PREFETCH``
"""

from __future__ import annotations

import sys
from pathlib import Path

from recado import Message, Service, Step
from recado.config import Settings
from recado.runtime import run_service


class Relay(Service):
    """Sends the payload on, unchanged."""

    async def handle(self, message: Message, step: Step) -> None:
        """Send the payload on."""
        await step.send(message.payload)


if __name__ == "__main__":
    _, queue, url, state, prefetch = sys.argv
    Relay.prefetch = int(prefetch)
    Relay.queue, Relay.name = queue, queue
    settings = Settings(broker=url, state=Path(state), log_level="error")
    sys.exit(run_service(Relay, settings))
