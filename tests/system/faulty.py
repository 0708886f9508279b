"""Services that misbehave, or keep a journal, to be run as processes by the tests.

``python faulty.py NAME`` runs one of them with the settings of the environment.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from recado import Message, RetryPolicy, Service, Step
from recado.config import load_settings
from recado.message import Outgoing
from recado.runtime import run_service
from recado.transport.base import Settlement

QUICK = RetryPolicy(attempts=5, first_s=0.05, factor=1.5, cap_s=0.2)


class Journal(Service):
    """Writes down every participant that it handles, and takes a little time for it."""

    queue = "journal"
    concurrency = 4

    async def started(self) -> None:
        """Open the journal, which all instances share."""
        path = self.context.settings.state / "journal.txt"
        self._journal = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    async def handle(self, message: Message, step: Step) -> None:
        """Write a line; a single short write is not torn apart by another process."""
        await asyncio.sleep(float(os.environ.get("JOURNAL_S", "0.002")))
        line = f"{step.run} {message.payload['participant']}\n"
        os.write(self._journal, line.encode())


class Moody(Service):
    """Fails for some participants until the file ``mended`` is there."""

    queue = "moody"
    retry = QUICK

    async def handle(self, message: Message, step: Step) -> None:
        """Raise for the participants that the step names."""
        participant = message.payload["participant"]
        mended = (self.context.settings.state / "mended").exists()
        if participant in step.parameters["hurts"] and not mended:
            raise ValueError(f"participant {participant} hurts")


class Killer(Service):
    """Ends its own process for some participants, as a fault in a C library would."""

    queue = "killer"
    retry = QUICK

    async def handle(self, message: Message, step: Step) -> None:
        """Exit at once for the participants that the step names."""
        await asyncio.sleep(0.02)
        if message.payload["participant"] in step.parameters["kills"]:
            os._exit(139)


class Dying(Service):
    """Ends its own process once, at the moment of a message's life that the step names."""

    queue = "dying"
    retry = QUICK
    concurrency = 4

    async def started(self) -> None:
        """Have the broker's settlements pass by here."""
        self._moment = self._message = ""
        settle = self.context.transport.settle

        async def settling(
            settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
        ) -> None:
            is_its = any(x.delivery.message.id == self._message for x in settlements)
            if is_its:
                self._die_at("before its settlement")
            await settle(settlements, outgoing)
            if is_its:
                self._die_at("after its settlement")

        setattr(self.context.transport, "settle", settling)  # noqa: B010 - it is a protocol

    async def handle(self, message: Message, step: Step) -> None:
        """Send the message on, unless this is the moment."""
        participant = message.payload["participant"]
        if participant == 7:
            self._moment, self._message = step.parameters["dies"], message.id
            self._die_at("before its handling")
        with (self.context.settings.state / "effects.txt").open("a") as effects:
            effects.write(f"{participant}\n")
        if participant == 7:
            self._die_at("after its effect")
        await step.send({"participant": participant})
        if participant == 7:
            self._die_at("after its sending")

    def _die_at(self, moment: str) -> None:
        mark = self.context.settings.state / "died"
        if moment == self._moment and not mark.exists():
            mark.touch()
            os._exit(139)


class Blocker(Service):
    """Keeps the whole event loop from turning, once, as a slow library would."""

    queue = "blocker"
    concurrency = 4

    async def handle(self, message: Message, step: Step) -> None:
        """Block for the seconds that the step names; then wait a little."""
        mark = self.context.settings.state / "blocked"
        if message.payload["participant"] == 7 and not mark.exists():
            mark.touch()
            time.sleep(step.parameters["blocks_s"])  # noqa: ASYNC251 - the fault
        await asyncio.sleep(0.01)


class Clerk(Service):
    """Writes down every failure that an error output tells it of, in a little time."""

    queue = "clerk"
    concurrency = 2

    async def handle(self, message: Message, step: Step) -> None:
        """Write a line: who it happened to, why, and after how many attempts."""
        await asyncio.sleep(0.05)
        error, failed = message.payload["error"], message.payload["payload"]
        line = f"{failed['participant']} {error['reason']} {error['attempts']}\n"
        with (self.context.settings.state / "failures.txt").open("a") as failures:
            failures.write(line)


class Holder(Service):
    """Makes the file ``held``, and is at work on the message until that is gone."""

    queue = "holder"

    async def handle(self, message: Message, step: Step) -> None:
        """Wait until it is let go."""
        held = self.context.settings.state / "held"
        held.touch()
        # A file tells nobody that it is gone.
        while held.exists():  # noqa: ASYNC110
            await asyncio.sleep(0.02)


SERVICES: dict[str, type[Service]] = {
    service.service_name(): service
    for service in (Journal, Moody, Killer, Dying, Blocker, Clerk, Holder)
}


def main(name: str, environ: dict[str, Any] | None = None) -> int:
    """Run a service until a signal stops it."""
    return run_service(SERVICES[name], load_settings(environ=environ, cwd=Path.cwd()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
