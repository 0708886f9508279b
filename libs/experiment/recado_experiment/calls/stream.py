"""The stream of chance of one participant."""

from __future__ import annotations

from collections.abc import Hashable
from random import Random
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from recado_experiment.calls.call import Call, Draw

T = TypeVar("T")


class Stream:
    """What one participant draws from, and what was drawn so far.

    ``taken``, ``urns``, ``called`` and ``first`` belong to functions: the items that a group
    of calls has given away, what its items are drawn from, how many of its calls were made,
    and the call that it began with.
    """

    __slots__ = ("_bits", "called", "first", "participant", "random", "taken", "urns")

    def __init__(self, seed: float, participant: int = 1) -> None:
        source = Random(seed)
        self.participant = participant
        self.random = source.random
        self._bits = source.getrandbits
        self.taken: dict[Hashable, set[object]] = {}
        self.urns: dict[Hashable, Urn] = {}
        self.called: dict[Hashable, int] = {}
        self.first: dict[Hashable, tuple[Call, Draw]] = {}

    def shuffle(self, items: list[T]) -> None:
        """Shuffle in place, with the draws of ``random.shuffle``."""
        bits = self._bits
        for last in range(len(items) - 1, 0, -1):
            width = (last + 1).bit_length()
            chosen = bits(width)
            while chosen > last:
                chosen = bits(width)
            items[last], items[chosen] = items[chosen], items[last]

    def below(self, size: int) -> int:
        """Return a number from 0 up to a size, which is not among them."""
        width = size.bit_length()
        chosen = self._bits(width)
        while chosen >= size:
            chosen = self._bits(width)
        return chosen

    def distinct(self, size: int, count: int) -> list[int]:
        """Return different numbers below a size, in an order of chance."""
        return Urn(size).draw(count, self)


class Urn:
    """The numbers below a size, drawn one after another, none twice.

    It is a shuffle of Fisher and Yates that goes as far as it is needed; only what was
    moved takes room.
    """

    __slots__ = ("_drawn", "_moved", "_size")

    def __init__(self, size: int) -> None:
        self._size = size
        self._drawn = 0
        self._moved: dict[int, int] = {}

    @property
    def left(self) -> int:
        """Return how many numbers can still be drawn."""
        return self._size - self._drawn

    def draw(self, count: int, stream: Stream) -> list[int]:
        """Return the next numbers, of which there have to be as many left."""
        moved, found = self._moved, list[int]()
        for at in range(self._drawn, self._drawn + count):
            other = at + stream.below(self._size - at)
            first = moved.pop(at, at)
            found.append(first if other == at else moved.get(other, other))
            if other != at:
                moved[other] = first
        self._drawn += count
        return found
