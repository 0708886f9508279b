"""The process behind the expander: a service that takes participants, and does nothing.

``taking QUEUE URL STATE``
"""

from __future__ import annotations

import sys
from pathlib import Path

from recado import Message, Service, Step
from recado.config import Settings
from recado.runtime import run_service


class Taker(Service):
    """Takes what comes."""

    name = "taker"
    concurrency = 100

    async def handle(self, message: Message, step: Step) -> None:
        """Do nothing."""


if __name__ == "__main__":
    _, queue, url, state = sys.argv
    Taker.queue = queue
    settings = Settings(broker=url, state=Path(state), log_level="error")
    sys.exit(run_service(Taker, settings))
