"""The pulse of a job: heartbeats in Zocalo's format, and the commands that reach it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from recado import __version__
from recado.clock import Clock, pause
from recado.errors import TransportError
from recado.heartbeat import INTERVAL_S, TEXTS, Heartbeat, Status
from recado.runtime.commands import COMMAND_TOPIC, is_shutdown_of
from recado.runtime.draining import within
from recado.transport.base import Deliver, Delivery, Transport

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

LAST_S = 2.0


class Pulse:
    """Tells that a job is alive and what it does, and hears whether it is to end."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        log: FilteringBoundLogger,
        instance: str,
        task: str,
        **facts: object,
    ) -> None:
        self.instance = instance
        self.task = task
        self.status = Status.STARTING
        self._transport = transport
        self._clock = clock
        self._log = log
        self._facts = {"started_at": clock(), **facts}
        self._heartbeat = Heartbeat(transport, clock, log, self.beat)

    def beat(self) -> dict[str, Any]:
        """Return the content of a heartbeat."""
        return {
            "host": self.instance,
            "status": int(self.status),
            "statustext": TEXTS[self.status],
            "task": self.task,
            "workflows": f"recado {__version__}",
            "recado": {
                "version": __version__,
                "name": "wrap",
                "instance": self.instance,
                "task": self.task,
                **self._facts,
            },
        }

    def change(self, *, status: Status | None = None, task: str | None = None) -> None:
        """Have it told at once that something has changed."""
        self.status = self.status if status is None else status
        self.task = self.task if task is None else task
        self._heartbeat.change()

    async def run(self, cancel: Callable[[], None]) -> None:
        """Beat, and hear commands, until cancelled; ``cancel`` is called by a shutdown."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._heartbeat.run())
            group.create_task(self._hear(cancel))

    async def last(self, status: Status) -> None:
        """Tell how it ended; a broker that is away is not waited for."""
        self.status = status
        await within(self._clock, LAST_S, self._heartbeat.send())

    async def _hear(self, cancel: Callable[[], None]) -> None:
        heard: asyncio.Queue[Delivery] = asyncio.Queue()

        def deliver(deliveries: Sequence[Delivery]) -> None:
            for each in deliveries:
                heard.put_nowait(each)

        await self._subscribe(deliver)
        while True:
            delivery = await heard.get()
            if is_shutdown_of(delivery.message.body, self.instance):
                cancel()
            try:
                await delivery.done()
            except TransportError as error:
                # It was heard; the broker forgets it with the subscription.
                self._log.debug("job.command_unsettled", error=str(error))

    async def _subscribe(self, deliver: Deliver) -> None:
        while True:
            try:
                await self._transport.subscribe(COMMAND_TOPIC, deliver)
            except TransportError as error:
                self._log.warning("job.deaf", error=str(error), retry_in_s=INTERVAL_S)
                await pause(self._clock, INTERVAL_S)
            else:
                return
