"""A fan's process: a service that sends many children of one message. ``fanning N URL``."""

from __future__ import annotations

import sys
from pathlib import Path

from recado import Message, Service, Step
from recado.config import Settings
from recado.runtime import run_service


class Fan(Service):
    """Sends as many children as the payload says."""

    queue = "fan"

    async def handle(self, message: Message, step: Step) -> None:
        """Send the children."""
        for number in range(message.payload["children"]):
            await step.send({"number": number})


if __name__ == "__main__":
    _, url, state = sys.argv
    settings = Settings(broker=url, state=Path(state), log_level="error")
    sys.exit(run_service(Fan, settings))
