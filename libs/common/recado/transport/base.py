"""The transport contract: what every broker must do for recado, and nothing else.

Each implementation stands in a module of its own and is found by its URL's scheme; the
contract suite in ``tests/transport`` runs over all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Final, Literal, Protocol, TypeAlias

from recado.errors import TransportError
from recado.message import NORMAL, Message, Outgoing

DEAD_LETTERS: Final = "dlq"
"""The queue of what was given up."""

Topology: TypeAlias = Literal["declare", "verify", "off"]
"""What :meth:`Transport.declare` may do: make queues, only look for them, or nothing."""


class Verdict(Enum):
    """How a delivery ends."""

    DONE = "done"
    RETRY = "retry"
    DEAD = "dead"
    RELEASE = "release"


@dataclass(slots=True, eq=False)
class Delivery:
    """One handing-over of a message; to be settled exactly once.

    ``attempt`` counts from 1, and counts crashes as well as errors. ``began`` is to be
    called before the work on the message starts: if the process dies, only what had begun
    is held to have failed. ``tag`` is the transport's own.
    """

    message: Message
    queue: str
    attempt: int
    transport: Transport
    tag: Any
    priority: int = NORMAL
    settled: bool = False

    def began(self) -> None:
        """Tell the transport that the work on this message starts now."""
        self.transport.begin(self)

    async def done(self, outgoing: Sequence[Outgoing] = ()) -> None:
        """End the delivery: ``outgoing`` becomes durable, then the message is gone."""
        await self.transport.settle([Settlement(self, Verdict.DONE, outgoing)])

    async def retry(
        self, after_s: float = 0.0, outgoing: Sequence[Outgoing] = ()
    ) -> None:
        """Have the message come back after a time, as the next attempt."""
        await self.transport.settle(
            [Settlement(self, Verdict.RETRY, outgoing, after_s=after_s)]
        )

    async def dead_letter(self, headers: Mapping[str, str]) -> None:
        """Give the message up: the same body, and headers added, go to ``dlq``."""
        await self.transport.settle([Settlement(self, Verdict.DEAD, headers=headers)])

    async def release(self) -> None:
        """Put the message back unharmed; this delivery does not count as an attempt."""
        await self.transport.settle([Settlement(self, Verdict.RELEASE)])


@dataclass(slots=True, eq=False)
class Settlement:
    """The end of one delivery: the verdict, what is sent with it, headers to be added.

    ``headers`` are added to the message that comes back or goes to ``dlq``; the others'
    are not changed.
    """

    delivery: Delivery
    verdict: Verdict
    outgoing: Sequence[Outgoing] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    after_s: float = 0.0


class UnsettledError(TransportError):
    """Raised by :meth:`Transport.settle` when some settlements cannot be carried out.

    Nothing of the whole call was done. ``stale`` are deliveries that are no longer this
    process's (its lease ended, or the connection was made anew): drop them, the message
    comes back by itself. ``unroutable`` maps a settlement's delivery to the queue that
    nobody has declared. Settle the rest again without them.
    """

    def __init__(
        self, stale: Sequence[Delivery], unroutable: Mapping[int, str]
    ) -> None:
        self.stale = tuple(stale)
        self.unroutable = dict(unroutable)
        """By index into the settlements of the call."""
        queues = ", ".join(sorted(set(self.unroutable.values())))
        super().__init__(
            f"{len(self.stale)} deliveries are stale, {len(self.unroutable)} settlements "
            f"send to undeclared queues: {queues or 'none'}"
        )


@dataclass(frozen=True, slots=True)
class Depth:
    """How many messages a queue holds: ready, waiting for their time, and held."""

    ready: int
    delayed: int
    held: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.ready + self.delayed + self.held


@dataclass(frozen=True, slots=True)
class Browsed:
    """A message seen in its queue without taking it; ``cursor`` asks for what follows."""

    message: Message
    cursor: int
    attempt: int
    state: Literal["ready", "delayed", "held"]
    priority: int
    due_s: float


Deliver: TypeAlias = Callable[[Sequence[Delivery]], None]
"""Takes deliveries as they come; must return at once."""


class Consumer(Protocol):
    """A consumption that goes on until it is cancelled."""

    async def cancel(self) -> None:
        """Take no more; what is held stays held until it is settled."""
        ...


class Transport(Protocol):
    """A connection to one broker; every method may be called many times at once."""

    @property
    def ceiling(self) -> int:
        """Deliveries of one message after which the transport itself gives it up."""
        ...

    @property
    def is_alive(self) -> bool:
        """Whether the broker is there and every consumer of this process takes part."""
        ...

    @property
    def is_blocked(self) -> bool:
        """Whether the broker keeps what is sent waiting: its memory or disk is short."""
        ...

    async def open(self) -> None:
        """Connect.

        Raises:
            ConfigError: if the URL, or the place it names, cannot be used.
            DisconnectedError: if the broker is away.
        """
        ...

    async def close(self) -> None:
        """Let go of everything; what is still held goes back, unharmed."""
        ...

    async def declare(self, queues: Sequence[str], mode: Topology = "declare") -> None:
        """Make sure that queues exist.

        Raises:
            UnroutableError: in mode ``verify``, naming every queue that is missing.
        """
        ...

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        """Return when all the messages are durable; all of them, or none.

        Raises:
            UnroutableError: for a mandatory message to a queue that nobody has declared.
            RefusedError: if the broker does not take them: disk full, too large.
            DisconnectedError: if the transport is closed.
        """
        ...

    async def settle(
        self, settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
    ) -> None:
        """End many deliveries: everything sent becomes durable, then the inputs are gone.

        Raises:
            SettledError: if one of them is settled already.
            UnsettledError: if some cannot be carried out; then none is.
            RefusedError, DisconnectedError: as in :meth:`publish`; nothing is settled.
        """
        ...

    def begin(self, delivery: Delivery) -> None:
        """Note that the work on a delivery starts now."""
        ...

    async def consume(
        self, queue: str, deliver: Deliver, *, prefetch: int = 100
    ) -> Consumer:
        """Have a queue's messages delivered, up to ``prefetch`` of them unsettled.

        Raises:
            UnroutableError: if nobody has declared the queue.
        """
        ...

    async def subscribe(
        self, topic: str, deliver: Deliver, *, prefetch: int = 100
    ) -> Consumer:
        """Have a copy of each message of a topic delivered from now on."""
        ...

    async def request(
        self, queue: str, message: Message, *, timeout_s: float = 5.0
    ) -> Message:
        """Send a request and return the reply to it.

        Raises:
            RequestTimeoutError: if none came in time; the reply is dropped if it comes.
            UnroutableError: if nobody has declared the queue.
        """
        ...

    async def browse(
        self, queue: str, *, limit: int = 100, after: int = 0
    ) -> list[Browsed]:
        """Return messages of a queue, oldest first, without taking any.

        Raises:
            UnroutableError: if nobody has declared the queue.
            UnsupportedError: if the broker shows messages only to who takes them.
        """
        ...

    async def depth(self, queue: str) -> Depth:
        """Return how many messages a queue holds, exactly for what the broker tells.

        Raises:
            UnroutableError: if nobody has declared the queue.
        """
        ...

    async def depths(self, queues: Sequence[str] = ()) -> dict[str, Depth]:
        """Return depths by name: of every declared queue that the broker can list, and
        of those named here; one that nobody has declared is left out.
        """
        ...

    async def dead_letter_queues(self) -> list[str]:
        """Return the queues of dead letters that there are beside ``dlq``.

        The broker itself puts them there, in the name of services that are not recado's.

        Raises:
            UnsupportedError: if the broker cannot list queues.
        """
        ...
