"""The gate: what is suspected of killing its process is delivered with nothing beside it.

Suspects have a queue of their own here, and come one at a time, so unlike on RabbitMQ
nothing has to be taken back for one; what comes meanwhile waits.
"""

from __future__ import annotations

from collections.abc import Sequence

from recado.transport.base import Delivery


class Gate:
    """Decides, for one consumer, what is delivered now."""

    def __init__(self) -> None:
        self._running = 0
        self._suspects: list[Delivery] = []
        self._waiting: list[Delivery] = []
        self._is_alone = False

    @property
    def waiting(self) -> list[Delivery]:
        """What came and was not delivered."""
        return [*self._suspects, *self._waiting]

    def arrived(
        self, fresh: Sequence[Delivery], suspects: Sequence[Delivery]
    ) -> list[Delivery]:
        """Take what came; return what is to be delivered."""
        self._waiting += fresh
        self._suspects += suspects
        return self._opened()

    def ended(self) -> list[Delivery]:
        """Note that one delivery has ended; return what is to be delivered."""
        self._running -= 1
        if not self._running and self._is_alone:
            # The others first, or a row of suspects would keep them waiting for long.
            self._is_alone = False
            return self._let_through()
        return self._opened()

    def clear(self) -> None:
        """Forget everything: the connection is gone."""
        self.__init__()  # type: ignore[misc] # of this class itself

    def _opened(self) -> list[Delivery]:
        if self._is_alone:
            return []
        if not self._suspects:
            return self._let_through()
        if self._running:
            return []
        self._is_alone = True
        self._running = 1
        return [self._suspects.pop(0)]

    def _let_through(self) -> list[Delivery]:
        if not self._waiting:
            return [] if not self._suspects else self._opened()
        passed, self._waiting = self._waiting, []
        self._running += len(passed)
        return passed
