"""The ladder: any delay, out of waiting queues that each delay by a power of two.

A delay is a number of ticks; each of its bits that is set is one queue to wait in, from
the longest to the shortest. The whole way is written in the routing key, a word for each
bit and the target as the last one, so topic exchanges find it::

    recado.delay.3 ──1──▶ queue recado.delay.3 (1 s) ──its time is over──▶ recado.delay.2
           └──────0──────────────────────────────────────────────────────▶ recado.delay.2
    … recado.delay.0 ──▶ recado.delay ──last word──▶ the target
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from recado.errors import RefusedError

TICK_S: Final = 0.125
LEVELS: Final = 24
LONGEST_S: Final = TICK_S * (2**LEVELS - 1)
EXIT: Final = "recado.delay"
"""The exchange at the foot of the ladder; targets are bound to it."""
_WORD_LIMIT: Final = 120


@dataclass(frozen=True, slots=True)
class Way:
    """Where a delayed message is published, and by which key it finds its way."""

    level: int
    key: str

    @property
    def exchange(self) -> str:
        """The exchange that it is published to."""
        return level_name(self.level)


def way(delay_s: float, target: str) -> Way:
    """Return the way of a message that is to reach a queue after a delay.

    Raises:
        RefusedError: if the delay is longer than the ladder.
    """
    ticks = math.ceil(delay_s / TICK_S - 1e-9) if math.isfinite(delay_s) else 2**LEVELS
    if ticks >= 2**LEVELS:
        raise RefusedError(
            f"a delay of {delay_s:g} s is too long: RabbitMQ's waiting queues hold a"
            f" message for at most {LONGEST_S / 86_400:.0f} days"
        )
    level = max(ticks.bit_length() - 1, 0)
    bits = ".".join(format(ticks, "b").zfill(level + 1))
    return Way(level, f"{bits}.{word(target)}")


def word(target: str) -> str:
    """Return a queue's name as one word of a routing key, unlike every other's."""
    encoded = "".join(
        each
        if each.isascii() and (each.isalnum() or each in "_-")
        else f"~{ord(each):x}~"
        for each in target
    )
    if len(encoded) <= _WORD_LIMIT:
        return encoded
    return f"~~{sha256(target.encode()).hexdigest()}"


def level_name(level: int) -> str:
    """Return the name of a level's exchange, and of its queue."""
    return f"recado.delay.{level}"


def below(level: int) -> str:
    """Return the exchange that a level's messages go to when their time is over."""
    return level_name(level - 1) if level else EXIT


def milliseconds(level: int) -> int:
    """Return how long a level's queue holds a message."""
    return int(TICK_S * 1000) << level


def patterns(level: int) -> tuple[str, str]:
    """Return the routing patterns of messages that wait on a level, and that do not.

    A key ends with the words of the lower bits and of the target, whatever is before.
    """
    rest = "*." * level + "*"
    return f"#.1.{rest}", f"#.0.{rest}"
