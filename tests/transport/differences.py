"""What the brokers do differently, in one place: expected, and tested as such."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from recado.transport import Depth

Known: TypeAlias = Literal["told", "as ready", "unseen"]


@dataclass(frozen=True, slots=True)
class Differences:
    """What one broker does; the embedded one does everything, and sets the defaults.

    Every field changes what a test expects. None of them switches one off.
    """

    heeds_priority: bool = True
    """Whether a message with a higher priority overtakes; else the order stays."""

    late_s: float = 0.5
    """How much later than asked for a delayed message may come."""

    releases_in_place: bool = True
    """Whether what is released keeps its place; else it goes to the end of the queue."""

    knows_what_began: bool = True
    """Whether a crash counts only for messages whose work had begun, or for all held."""

    may_count_at_close: bool = False
    """Whether what is on its way to a process that closes may count as failed."""

    may_double: bool = False
    """Whether what goes back while its process dies may come twice, under the same id."""

    notices_crash_s: float = 2.0
    """How long after a process died its messages are delivered again."""

    notices_hang_s: float | None = 4.0
    """The same for a process that hangs, with a lease of a second; None: it never is."""

    has_exchanges: bool = False
    """Whether a message goes through the exchange that it names, or straight to the queue."""

    browses: bool = True
    """Whether one can look into a queue; else the transport says that one cannot."""

    lists_queues: bool = True
    """Whether depths tell of every declared queue; else only of those asked for."""

    delayed: Known = "told"
    """Whether who looks, and a depth, see delayed messages, and as what."""

    held: Known = "told"
    """The same for messages that are delivered and not settled."""

    def seen(
        self, *ready: str, held: Sequence[str] = (), delayed: Sequence[str] = ()
    ) -> list[str]:
        """Return which of a queue's messages are seen there."""
        return [
            *(held if self.held != "unseen" else ()),
            *ready,
            *(delayed if self.delayed != "unseen" else ()),
        ]

    def depth(self, ready: int = 0, delayed: int = 0, held: int = 0) -> Depth:
        """Return what a depth tells of so many messages."""
        return Depth(
            ready
            + (delayed if self.delayed == "as ready" else 0)
            + (held if self.held == "as ready" else 0),
            delayed if self.delayed == "told" else 0,
            held if self.held == "told" else 0,
        )


EMBEDDED = Differences()

RABBITMQ = Differences(
    heeds_priority=False,
    releases_in_place=False,
    knows_what_began=False,
    may_count_at_close=True,
    may_double=True,
    notices_hang_s=None,
    has_exchanges=True,
    browses=False,
    lists_queues=False,
    delayed="unseen",
    held="unseen",
)

ACTIVEMQ = Differences(
    late_s=1.0,
    releases_in_place=False,
    knows_what_began=False,
    notices_hang_s=None,
    held="as ready",
)
