"""Isolation: a message that may kill its process is delivered with nothing beside it.

Network brokers give back everything that a dead process held and do not say what it was
working on. So all of it is suspected, once; from then on a suspect is delivered alone, and
only the one that kills is counted again.

This is for brokers on which a consumer can stop taking and yet keep what it holds, as
RabbitMQ's can. Where it would hand everything over (ActiveMQ), suspects have a queue of
their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from recado.transport.base import Delivery


class Flow(Enum):
    """How a consumer takes: as many as its prefetch allows, none, or one at a time."""

    FULL = "full"
    NONE = "none"
    SINGLE = "single"


@dataclass(slots=True)
class Act:
    """What a consumer is to do now, in this order.

    ``put_back`` are suspects to be put back, still marked; ``flow`` is none if it stays as
    it is.
    """

    deliver: list[Delivery] = field(default_factory=list[Delivery])
    put_back: list[Delivery] = field(default_factory=list[Delivery])
    flow: Flow | None = None


class Isolation:
    """Decides, for one consumer, when what came is delivered.

    Tell it what arrives, what has ended, and that the broker has heard of the last change
    of flow. At most one suspect is kept; it waits until nothing else is held, and the
    consumer takes nothing meanwhile. Then one message at a time is taken, until the first
    that nobody suspects.
    """

    def __init__(self) -> None:
        self._flow = Flow.FULL
        self._is_changing = False
        self._is_past = False
        self._held = 0
        self._suspects: list[Delivery] = []

    @property
    def flow(self) -> Flow:
        """How the consumer takes, or is about to; a new connection begins with it."""
        return self._flow

    def arrived(self, deliveries: Sequence[tuple[Delivery, bool]]) -> Act:
        """Take what the broker sent, each with whether it is suspected."""
        fresh = [delivery for delivery, suspected in deliveries if not suspected]
        self._suspects += [delivery for delivery, suspected in deliveries if suspected]
        self._held += len(fresh)
        self._is_past = self._is_past or bool(fresh)
        return self._decided(Act(deliver=fresh))

    def ended(self, count: int = 1) -> Act:
        """Note that so many of what was delivered are not held any more."""
        self._held -= count
        return self._decided(Act())

    def changed(self) -> Act:
        """Note that the broker heeds the last change of flow."""
        self._is_changing = False
        return self._decided(Act())

    def lost(self) -> None:
        """Forget everything: the connection is gone, and what it gave with it."""
        self._suspects.clear()
        self._held = 0
        self._is_changing = False
        if self._flow is Flow.NONE:  # what it waited for went with the connection
            self._turn(Act(), Flow.SINGLE)
            self._is_changing = False

    def _decided(self, act: Act) -> Act:
        if self._is_changing:
            return act
        match self._flow:
            case Flow.FULL if self._suspects:
                self._turn(act, Flow.NONE)
            case Flow.NONE if not self._suspects and self._held == 0:
                self._turn(act, Flow.SINGLE)
            case Flow.SINGLE if self._is_past and not self._suspects:
                self._turn(act, Flow.FULL)
            case Flow.NONE | Flow.SINGLE if self._suspects:
                self._isolate(act)
            case _:
                pass
        return act

    def _isolate(self, act: Act) -> None:
        act.put_back += self._suspects[1:]
        del self._suspects[1:]
        if self._held == 0:
            self._held = 1
            self._is_past = False
            act.deliver.append(self._suspects.pop())

    def _turn(self, act: Act, flow: Flow) -> None:
        self._flow = act.flow = flow
        self._is_changing = True
        self._is_past = False
