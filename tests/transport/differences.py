"""What the brokers do differently, in one place: expected, and tested as such."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Differences:
    """What one broker does; the embedded one does everything, and sets the defaults.

    Every field changes what a test expects. None of them switches one off.
    """

    heeds_priority: bool = True
    """Whether a message with a higher priority overtakes; else the order stays."""

    late_s: float = 0.5
    """How much later than asked for a delayed message may come."""

    publishes_all_or_none: bool = True
    """Whether nothing of a publish is kept if one of its messages is unroutable."""

    settles_all_or_none: bool = True
    """Whether what a settlement sends and the end of its input are one transaction."""

    knows_what_began: bool = True
    """Whether a crash counts only for messages whose work had begun, or for all held."""

    notices_crash_s: float = 2.0
    """How long after a process died its messages are delivered again."""

    notices_hang_s: float | None = 4.0
    """The same for a process that hangs, with a lease of a second; None: it never is."""

    counts_delayed: bool = True
    """Whether a depth tells delayed messages from ready ones; else they are ready."""

    counts_held: bool = True
    """Whether a depth tells held messages from ready ones; else they are ready."""


EMBEDDED = Differences()
