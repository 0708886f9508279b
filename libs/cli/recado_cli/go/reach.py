"""Whether the messages of a recipe have queues to go to, looked at before any is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

from recado.clients.lookup import Lookup
from recado.errors import (
    Problem,
    RefusedError,
    RequestTimeoutError,
    UnroutableError,
    nearest,
)
from recado.recipe import Recipe
from recado.transport import Transport
from recado_cli.overview import TIMEOUT_S, consumed


def destinations(recipe: Recipe) -> dict[str, list[int]]:
    """Return the queues that a recipe sends to, each with its steps.

    Where a step names an exchange, its bindings decide, and nobody can be asked.
    """
    found: dict[str, list[int]] = {}
    for number, step in sorted(recipe.steps.items()):
        if step.queue and not step.exchange:
            found.setdefault(step.queue, []).append(number)
    return found


async def unreachable(transport: Transport, recipe: Recipe) -> dict[int, str]:
    """Return, by step, what is wrong with where its messages go."""
    wanted = destinations(recipe)
    missing = await _undeclared(transport, wanted)
    if not missing:
        return {}
    known = await _known(transport)
    return {
        number: f"sends to queue {queue!r}, which nobody has declared"
        f"{nearest(queue, known)}"
        for queue in missing
        for number in wanted[queue]
    }


def divided(
    recipe: Recipe, wrong: Mapping[int, str]
) -> tuple[list[Problem], list[Problem]]:
    """Return what keeps a run from starting, and what only keeps it from its end.

    A service that has declared its queue by the time a message is sent to it is early
    enough; only where a run starts is that time now.
    """
    first = {number for number, _ in recipe.start}
    told = [
        (number, Problem(f"step {number}", wrong[number])) for number in sorted(wrong)
    ]
    return [it for n, it in told if n in first], [
        it for n, it in told if n not in first
    ]


async def _undeclared(transport: Transport, queues: Iterable[str]) -> list[str]:
    names = list(queues)
    try:
        await transport.declare(names, "verify")
    except (RefusedError, UnroutableError):
        are_there = await asyncio.gather(*(_is_there(transport, it) for it in names))
        return [
            it for it, is_there in zip(names, are_there, strict=True) if not is_there
        ]
    return []


async def _is_there(transport: Transport, queue: str) -> bool:
    try:
        await transport.declare([queue], "verify")
    # A broker may refuse a name outright: there can be no such queue.
    except (RefusedError, UnroutableError):
        return False
    return True


async def _known(transport: Transport) -> set[str]:
    """Return the queues that can be found out; not every broker lists its own."""
    try:
        taken = consumed(await Lookup(transport, TIMEOUT_S).services())
    except (RequestTimeoutError, UnroutableError):
        taken = []
    return {*taken, *await transport.depths()}
