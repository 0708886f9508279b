"""Plans: what has to happen for a server to be as it is wanted; decided without asking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final

from recado.errors import ConfigError, nearest
from recado.management import (
    Binding,
    Exchange,
    Permission,
    Queue,
    User,
    VirtualHost,
)
from recado.management.objects import Thing
from recado_cli.topology.document import DEFAULT_VHOST
from recado_cli.topology.expanding import RESERVED
from recado_cli.topology.state import KINDS, Kind, Place, State

_UNCHANGEABLE: Final = (Exchange, Queue)
_BY_DEFAULT: Final[Mapping[str, object]] = {
    "x-queue-type": "classic",
    "x-single-active-consumer": False,
}
"""Arguments of queues, and what holds without them."""


class Action(Enum):
    """What is to be done about a thing."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    """It differs, and cannot be changed: somebody has to drain and delete it."""
    DELETE = "delete"
    """Nobody wants it."""


@dataclass(frozen=True, slots=True)
class Difference:
    """What of a thing is not as it is wanted."""

    what: str
    there: object
    wanted: object


@dataclass(frozen=True, slots=True)
class Step:
    """One thing, and what is to be done about it; of a queue, what it holds."""

    action: Action
    thing: Thing
    differences: tuple[Difference, ...] = ()
    messages: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in the order in which they can be done."""

    steps: tuple[Step, ...]

    def of(self, *actions: Action) -> list[Step]:
        """Return the steps with some actions."""
        return [step for step in self.steps if step.action in actions]


def planned(wanted: State, there: State, *, is_kept: Callable[[Thing], bool]) -> Plan:
    """Return how to come from what is there to what is wanted.

    ``is_kept`` says of what nobody wants whether it stays all the same.

    Raises:
        ConfigError: if something is wanted in a virtual host that will not be there.
    """
    _check_vhosts(wanted, there)
    changes = [
        step
        for kind in KINDS
        for place, thing in wanted.of(kind).items()
        if (step := _change(thing, there.of(kind).get(place))) is not None
    ]
    superfluous = [
        thing
        for kind in reversed(KINDS)
        if kind in wanted.told
        for thing in _superfluous(kind, wanted, there)
        if not is_kept(thing)
    ]
    gone = {(type(thing), thing.place) for thing in superfluous}
    deletions = [
        Step(Action.DELETE, thing, messages=getattr(thing, "messages", None))
        for thing in superfluous
        if not _goes_along(thing, gone)
    ]
    return Plan((*changes, *deletions))


def _check_vhosts(wanted: State, there: State) -> None:
    known = {place[0] for state in (wanted, there) for place in state.of(VirtualHost)}
    for vhost in sorted(wanted.vhosts - known):
        raise ConfigError(
            f"there is no virtual host {vhost!r} on the server, and none is wanted under"
            f" 'vhosts'{nearest(vhost, known)}"
        )


# What differs


def _change(wanted: Thing, there: Thing | None) -> Step | None:
    if there is None:
        return Step(Action.CREATE, wanted)
    differences = tuple(_differences(facts(wanted), facts(there)))
    if not differences:
        return None
    if isinstance(wanted, _UNCHANGEABLE):
        messages = there.messages if isinstance(there, Queue) else None
        return Step(Action.REPLACE, wanted, differences, messages)
    return Step(Action.UPDATE, wanted, differences)


def _differences(
    wanted: Mapping[str, object], there: Mapping[str, object]
) -> Iterator[Difference]:
    for what in sorted(wanted.keys() | there.keys()):
        if wanted.get(what) != there.get(what):
            yield Difference(what, there.get(what), wanted.get(what))


def facts(thing: Thing) -> dict[str, Any]:
    """Return what a thing is made with, its arguments one by one."""
    found = dict(thing.content)
    if isinstance(thing, Queue):
        found |= _BY_DEFAULT
    found |= found.pop("arguments", {})
    if isinstance(thing, User | VirtualHost):
        found["tags"] = sorted(thing.tags)
    return found


# What nobody wants


def _superfluous(kind: Kind, wanted: State, there: State) -> Iterator[Thing]:
    temporary = {
        place for place, queue in there.of(Queue).items() if _is_temporary(queue)
    }
    for place, thing in there.of(kind).items():
        if place not in wanted.of(kind) and not _is_own(thing, temporary):
            yield thing


def _is_own(thing: Thing, temporary: set[Place]) -> bool:
    """Return whether a thing is the server's own, or comes and goes with a process."""
    match thing:
        case VirtualHost():
            return thing.name == DEFAULT_VHOST
        case Queue():
            return thing.place in temporary
        case Exchange():
            return _is_reserved(thing.name)
        case Binding():
            is_to_temporary = (thing.vhost, thing.destination) in temporary
            return _is_reserved(thing.source) or (
                thing.destination_type == "queue" and is_to_temporary
            )
        case _:
            return False


def _is_temporary(thing: Thing) -> bool:
    return isinstance(thing, Queue) and (
        thing.auto_delete or thing.exclusive or _is_reserved(thing.name)
    )


def _is_reserved(name: str) -> bool:
    return not name or name.startswith(RESERVED)


def _goes_along(thing: Thing, gone: set[tuple[Kind, Place]]) -> bool:
    """Return whether a thing ends with another, so that nobody has to delete it."""
    match thing:
        case Binding():
            end = Queue if thing.destination_type == "queue" else Exchange
            return (Exchange, (thing.vhost, thing.source)) in gone or (
                (end, (thing.vhost, thing.destination)) in gone
            )
        case Permission():
            return (User, (thing.user,)) in gone
        case _:
            return False
