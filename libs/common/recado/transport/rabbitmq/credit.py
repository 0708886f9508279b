"""Credit: how many messages a consumer asks the broker for."""

from __future__ import annotations

from recado.transport.isolation import Flow


class Credit:
    """Counts what the present consumer of a channel was granted, and what it holds of it.

    A grant cannot be changed; it takes a new consumer, whose deliveries are counted anew:
    its *turn*.
    """

    def __init__(self, prefetch: int) -> None:
        self._prefetch = prefetch
        self.granted = 0
        """What the broker may deliver unsettled; 0 is no consumer."""
        self.turn = 0
        self.is_tight = False
        """Whether long jobs take up most of the room, so that each one's end matters."""
        self._holds = 0

    @property
    def name(self) -> str:
        """What the consumer of this turn is called on its channel."""
        return f"turn-{self.turn}"

    @property
    def has_room(self) -> bool:
        """Whether the broker may deliver one more."""
        return self._holds < self.granted

    def wanted(self, flow: Flow, held: int, long: int) -> int | None:
        """Return what is to be granted now; none if it stays as it is.

        ``held`` are all that are held; ``long`` those of them that the broker does not
        count any more, since a copy is held in their stead.
        """
        self.is_tight = flow is Flow.FULL and 2 * long > self._prefetch
        if self.is_tight:
            return self._left(held)
        grant = {Flow.FULL: self._prefetch, Flow.SINGLE: 1, Flow.NONE: 0}[flow]
        return None if grant == self.granted else grant

    def _left(self, held: int) -> int | None:
        free, spare = self._prefetch - held, self.granted - self._holds
        if free > spare:
            return free
        return 0 if free <= 0 < spare else None

    def grant(self, count: int) -> None:
        """Note that the broker has heard of it."""
        self.granted = count
        self.turn += 1
        self._holds = 0

    def reset(self) -> None:
        """Note that there is no consumer any more."""
        self.grant(0)

    def take(self) -> None:
        """Note that a message has come."""
        self._holds += 1

    def end(self, turn: int) -> None:
        """Note that a message of a turn is not held any more."""
        if turn == self.turn:
            self._holds -= 1
