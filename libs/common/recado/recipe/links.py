"""Links from step to step: an output's forms, and the problems they can have."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from recado.message import Json
from recado.recipe.reading import step_id
from recado.recipe.values import Flaw, Trail, shown


# A tuple is made in a third of a frozen dataclass's time, and a recipe may have millions.
class Link(NamedTuple):
    """A place in a recipe that names a step."""

    trail: Trail
    target: int


def links(value: Json, trail: Trail) -> Iterator[Link | Flaw]:
    """Yield each link of a step's output, or what is wrong with it.

    An output is an id, a list of ids, null, or an object of named channels with any of
    these.
    """
    if isinstance(value, dict):
        for channel, item in value.items():
            yield from links(item, (trail, channel))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield link(item, (trail, index))
    elif value is not None:
        yield link(value, trail)


def link(value: Json, trail: Trail) -> Link | Flaw:
    """Return the link that a value is, or what is wrong with it."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Link(trail, value)
    number = step_id(value) if isinstance(value, str) else None
    if number is not None:
        return Flaw(trail, f"invalid link {shown(value)}: write the number {number}")
    return Flaw(trail, f"invalid link {shown(value)}: a link is the id of a step")


def channels(value: Json) -> dict[str | None, tuple[int, ...]]:
    """Return the ids of an output by channel; an output without names is channel none."""
    if isinstance(value, dict):
        return {channel: targets(item) for channel, item in value.items()}
    unnamed = targets(value)
    return {None: unnamed} if unnamed else {}


def targets(value: Json) -> tuple[int, ...]:
    """Return every id of an output, whatever its form."""
    return tuple(x.target for x in links(value, None) if isinstance(x, Link))
