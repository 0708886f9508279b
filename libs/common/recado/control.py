"""Who is there by their heartbeats, and how to have them end: recado's and Zocalo's alike."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import (
    AsyncGenerator,
    Callable,
    Collection,
    Iterable,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from recado.clients.lookup import Lookup
from recado.errors import (
    RequestTimeoutError,
    SchemaError,
    TransportError,
    UnroutableError,
)
from recado.heartbeat import STATUS_TOPIC, Status
from recado.ids import new_id
from recado.message import ID, Message, Outgoing, encode
from recado.runtime.commands import COMMAND_TOPIC, SHUTDOWN
from recado.schemas.registry import Beat, ServicesReply, read_beat
from recado.transport.base import Delivery, Settlement, Transport, Verdict

ENDED: Final = frozenset({Status.TEARDOWN, Status.END, Status.ERROR})
"""What an instance says last."""
ROUND_S: Final = 6.5
"""Within it everybody is heard: Zocalo's services tell how they are every 6 seconds."""
_REGISTRY_S: Final = 2.0


@dataclass(frozen=True, slots=True)
class Heard:
    """What an instance said last, and when, by the clock of whom heard it."""

    beat: Beat
    at: float

    @property
    def has_ended(self) -> bool:
        """Whether it said that it ends, or has broken."""
        return self.beat.status in ENDED


class Listener:
    """Hears the heartbeats of all instances as they come; made by :func:`listening`."""

    def __init__(
        self, transport: Transport, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.heard: dict[str, Heard] = {}
        """By instance: also of those that have ended."""
        self.changed = asyncio.Event()
        """Set whenever somebody was heard; whoever waits for it clears it."""
        self._transport = transport
        self._clock = clock
        self._arrived: asyncio.Queue[Sequence[Delivery]] = asyncio.Queue()

    @property
    def is_deaf(self) -> bool:
        """Whether the broker is away, so that silence says nothing."""
        return not self._transport.is_alive

    def deliver(self, deliveries: Sequence[Delivery]) -> None:
        """Take heartbeats from the transport."""
        for delivery in deliveries:
            with contextlib.suppress(SchemaError):
                self._hear(read_beat(delivery.message.body), self._clock())
        self._arrived.put_nowait(deliveries)
        self.changed.set()

    async def settle(self) -> None:
        """Settle what was heard, until cancelled."""
        while True:
            deliveries = await self._arrived.get()
            # What is not settled comes again, and a heartbeat does no harm twice.
            with contextlib.suppress(TransportError):
                await self._transport.settle(
                    [Settlement(each, Verdict.DONE) for each in deliveries]
                )

    async def ask_registry(self, timeout_s: float = _REGISTRY_S) -> bool:
        """Learn who is there from the registry; return whether it knows everybody."""
        try:
            reply = await Lookup(self._transport, timeout_s).services()
        except (RequestTimeoutError, UnroutableError):
            return False
        self.learn(reply)
        return reply.complete_in_s <= 0

    def learn(self, reply: ServicesReply) -> None:
        """Take what the registry says of those that were not heard yet."""
        for each in reply.instances:
            if each.instance not in self.heard:
                beat = Beat.model_validate(each.beat)
                self._hear(beat, self._clock() - each.age_s)

    async def everybody(self, wanted: Collection[str] = ()) -> None:
        """Return once all who are there are known, by the registry or by themselves.

        If it is only about some instances, it is enough to know these.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ROUND_S):
                is_known = await self.ask_registry()
                while not is_known:
                    self.changed.clear()
                    is_known = bool(wanted) and self.heard.keys() >= set(wanted)
                    if not is_known:
                        await self.changed.wait()

    @property
    def present(self) -> dict[str, Heard]:
        """Those that were heard and have not ended."""
        return {name: it for name, it in self.heard.items() if not it.has_ended}

    def _hear(self, beat: Beat, at: float) -> None:
        self.heard[beat.host] = Heard(beat, at)


@asynccontextmanager
async def listening(
    transport: Transport, clock: Callable[[], float] = time.monotonic
) -> AsyncGenerator[Listener]:
    """Hear heartbeats for the length of a block."""
    listener = Listener(transport, clock)
    settling = asyncio.create_task(listener.settle())
    try:
        consumer = await transport.subscribe(STATUS_TOPIC, listener.deliver)
        try:
            yield listener
        finally:
            await consumer.cancel()
    finally:
        settling.cancel()
        await asyncio.wait({settling})


def shutdown_of(
    *, host: str | None = None, services: Sequence[str | None] = ()
) -> list[dict[str, Any]]:
    """Return the commands that have an instance end, or all those of services.

    Zocalo's services are named by their class; none means frontends without a service.
    """
    by_host = [{"command": SHUTDOWN, "host": host}] if host is not None else []
    return [*by_host, *({"command": SHUTDOWN, "service": it} for it in services)]


async def command(transport: Transport, commands: Iterable[Mapping[str, Any]]) -> None:
    """Tell everybody what some are to do."""
    await transport.publish(
        [
            Outgoing(
                COMMAND_TOPIC,
                Message(encode(each), {ID: new_id()}),
                is_topic=True,
                mandatory=False,
            )
            for each in commands
        ]
    )
