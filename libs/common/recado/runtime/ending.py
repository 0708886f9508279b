"""How one delivery ends, and what is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, TypeAlias

from recado.transport.base import Settlement

NO_HEADERS: Final[Mapping[str, str]] = MappingProxyType({})
Outcome: TypeAlias = Literal["handled", "failed", "dead", "released"]


@dataclass(slots=True, eq=False)
class Ending(Settlement):
    """A settlement with the events that it is to be told with."""

    outcome: Outcome = "handled"
    events: Sequence[bytes] = ()
    """What is told of this message, encoded."""
    instead: Callable[[Exception], Sequence[Ending]] | None = None
    """Returns what to do instead if the broker does not take what it sends."""
    batch: Sequence[Ending] = ()
    """All the endings of a batch, itself included, which are settled together."""
    common: Sequence[bytes] = ()
    """What is told of the batch; the first ending has it, and the batch's outgoing."""
