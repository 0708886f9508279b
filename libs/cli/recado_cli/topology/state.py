"""States: what is on a server, or what is to be on it."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Container, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from recado.management import (
    Binding,
    Exchange,
    Management,
    Permission,
    Policy,
    Queue,
    User,
    VirtualHost,
)
from recado.management.objects import Thing

Place: TypeAlias = tuple[str, ...]
Kind: TypeAlias = type[Thing]

KINDS: Final[tuple[Kind, ...]] = (
    VirtualHost,
    User,
    Permission,
    Policy,
    Exchange,
    Queue,
    Binding,
)
"""In the order in which they are made: a policy holds from a queue's first message on."""


@dataclass(frozen=True, slots=True)
class State:
    """Things by kind and place; of a kind that is not ``told`` nothing is known."""

    things: Mapping[Kind, Mapping[Place, Thing]]
    told: frozenset[Kind]

    def of(self, kind: Kind) -> Mapping[Place, Thing]:
        """Return the things of a kind."""
        return self.things.get(kind, MappingProxyType({}))

    def with_users(self, users: Iterable[User]) -> State:
        """Return this state with all the users that there are to be."""
        things = dict(self.things)
        things[User] = {user.place: user for user in users}
        return State(things, self.told | {User})

    @property
    def vhosts(self) -> frozenset[str]:
        """The virtual hosts that are named, be it by what is in them."""
        within = {
            place[0]
            for kind in (Permission, Policy, Exchange, Queue, Binding)
            for place in self.of(kind)
        }
        return frozenset(within | {place[0] for place in self.of(VirtualHost)})


def state_of(things: Iterable[Thing], told: Iterable[Kind] = KINDS) -> State:
    """Return a state of some things."""
    found: dict[Kind, dict[Place, Thing]] = defaultdict(dict)
    for thing in things:
        found[type(thing)][thing.place] = thing
    return State(found, frozenset(told))


async def actual_state(management: Management, wanted: State) -> State:
    """Return what is on a server, as far as it matters to what is wanted.

    Only the virtual hosts that are named there are looked into, and users are asked for
    only if they are told of: an administrator alone may see them.
    """
    there = await management.vhosts()
    inside = wanted.vhosts & {vhost.name for vhost in there}
    asked: list[Coroutine[Any, Any, Sequence[Thing]]] = [
        ask(vhost)
        for vhost in sorted(inside)
        for ask in (
            management.policies,
            management.exchanges,
            management.queues,
            management.bindings,
        )
    ]
    if Permission in wanted.told:
        asked.append(_permissions(management, inside))
    if User in wanted.told:
        asked.append(management.users())
    found = await asyncio.gather(*asked)
    return state_of([*there, *(thing for things in found for thing in things)])


async def _permissions(
    management: Management, vhosts: Container[str]
) -> Sequence[Permission]:
    return [each for each in await management.permissions() if each.vhost in vhosts]
