"""What an overview is made of: runs counted by their states, and queues that are taken from."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from recado.schemas.events import RunState
    from recado.schemas.registry import ServicesReply

TIMEOUT_S: Final = 2.0
"""How long a service is waited for that an overview can do without."""
MOST: Final = 1_000
"""Runs of one state that are counted; more are shown as more."""
STATES: Final[tuple[RunState, ...]] = (
    "waiting",
    "running",
    "done",
    "incomplete",
    "refused",
)


async def run_counts(
    runs: Callable[..., Awaitable[Any]], most: int = MOST
) -> dict[str, str]:
    """Return how many runs are in each state; ``runs`` lists them, a page at a time."""
    pages = await asyncio.gather(*(runs(state, limit=most) for state in STATES))
    return {
        state: f"{len(page.runs)}{'' if page.next is None else ' or more'}"
        for state, page in zip(STATES, pages, strict=True)
    }


def consumed(services: ServicesReply | None) -> list[str]:
    """Return the queues that instances say they consume: not every broker lists its own."""
    from recado.transport import DEAD_LETTERS

    found = {DEAD_LETTERS}
    for instance in services.instances if services else ():
        found.update(instance.queues)
    return sorted(found)
