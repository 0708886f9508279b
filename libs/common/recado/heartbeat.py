"""Heartbeats: every instance tells who it is and how it is, in Zocalo's format.

They are broadcast on ``transient.status``, so that what watches Zocalo services sees
recado's too. What is recado's own is in the part ``recado``.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any, Final

from recado.clock import Clock, told
from recado.ids import new_id
from recado.message import ID, Message, Outgoing, encode
from recado.transport.base import Transport

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

STATUS_TOPIC: Final = "transient.status"
INTERVAL_S: Final = 5.0
EXPIRES_S: Final = 15.0


class Status(IntEnum):
    """What an instance is doing; Zocalo's numbers."""

    NONE = -1
    TEARDOWN = -2
    NEW = 0
    STARTING = 1
    IDLE = 2
    TIMER = 3
    PROCESSING = 4
    SHUTDOWN = 5
    END = 6
    ERROR = 7


TEXTS: Final[Mapping[Status, str]] = {
    Status.NONE: "no service",
    Status.TEARDOWN: "shutting down",
    Status.NEW: "new",
    Status.STARTING: "starting",
    Status.IDLE: "idle",
    Status.TIMER: "timer",
    Status.PROCESSING: "processing",
    Status.SHUTDOWN: "draining",
    Status.END: "ended",
    Status.ERROR: "error",
}


@dataclass(frozen=True, slots=True)
class Card:
    """What does not change about an instance."""

    instance: str
    service: str
    service_class: str
    version: str
    tag: str | None = None
    """What whoever started it calls it."""


def host_name() -> str:
    """Return this process's name as Zocalo writes it: host, reversed, and pid.

    The host's own name is taken as it is; looking it up may take seconds where there is
    no name service.
    """
    parts = [*reversed(socket.gethostname().split(".")), str(os.getpid())]
    return ".".join(parts)


def beat(
    card: Card, status: Status, utilization: Mapping[int, float], own: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a heartbeat's content."""
    content: dict[str, Any] = {
        "host": card.instance,
        "status": int(status),
        "statustext": TEXTS[status],
        "service": card.service,
        "serviceclass": card.service_class,
        "utilization": {str(key): share for key, share in utilization.items()},
        "workflows": f"recado {card.version}",
        "recado": {
            "version": card.version,
            "name": card.service,
            "instance": card.instance,
            **own,
        },
    }
    return content if card.tag is None else content | {"tag": card.tag}


class Heartbeat:
    """Broadcasts an instance's state every few seconds, and whenever it changes."""

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        log: FilteringBoundLogger,
        content: Callable[[], dict[str, Any]],
    ) -> None:
        self._transport = transport
        self._clock = clock
        self._log = log
        self._content = content
        self._changed = asyncio.Event()

    def change(self) -> None:
        """Have the next one sent now: something has changed."""
        self._changed.set()

    async def run(self) -> None:
        """Send heartbeats until cancelled; no failure ends this."""
        while True:
            self._changed.clear()
            await self.send()
            await told(self._clock, self._changed, INTERVAL_S)

    async def send(self) -> None:
        """Send one heartbeat; if that fails, it is logged, and that is all."""
        try:
            message = Message(encode(self._content()), {ID: new_id()})
            await self._transport.publish(
                [
                    Outgoing(
                        STATUS_TOPIC,
                        message,
                        expires_s=EXPIRES_S,
                        is_topic=True,
                        mandatory=False,
                    )
                ]
            )
        except Exception as error:
            self._log.warning(
                "heartbeat.failed", error=f"{type(error).__name__}: {error}"
            )
