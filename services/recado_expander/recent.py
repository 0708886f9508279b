"""What was used last is kept: a few things, and no more than find room together."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

MOST: Final = 8
ROOM: Final = 16 * 1024 * 1024

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Kept(Generic[V]):
    value: V
    size: int


class Recent(Generic[K, V]):
    """The things used last: ``most`` of them, of ``room`` bytes together."""

    def __init__(self, most: int = MOST, room: int = ROOM) -> None:
        self._most = most
        self._room = room
        self._kept: OrderedDict[K, _Kept[V]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: K) -> V | None:
        """Return what is kept under a key; it is used by that."""
        if (found := self._kept.get(key)) is None:
            return None
        self._kept.move_to_end(key)
        return found.value

    def put(self, key: K, value: V, size: int) -> None:
        """Keep something of so many bytes, and forget what was not used for longest."""
        self._kept[key] = _Kept(value, size)
        self._kept.move_to_end(key)
        held = sum(each.size for each in self._kept.values())
        while self._kept and (held > self._room or len(self._kept) > self._most):
            _, oldest = self._kept.popitem(last=False)
            held -= oldest.size
