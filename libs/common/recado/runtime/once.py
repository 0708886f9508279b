"""Once: what was said already is not said again, as far as one can remember."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Final

_REMEMBERED: Final = 1_000


class Once:
    """Remembers the last thousand things that were said."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._limit = remembered
        self._said: OrderedDict[Hashable, None] = OrderedDict()

    def is_new(self, what: Hashable) -> bool:
        """Whether this was not said lately; from now on it was."""
        if what in self._said:
            self._said.move_to_end(what)
            return False
        self._said[what] = None
        if len(self._said) > self._limit:
            self._said.popitem(last=False)
        return True
