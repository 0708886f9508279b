"""From a topology's file to what is to be on the server: groups become their members."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from recado.errors import Problem, SchemaError, nearest
from recado.management import (
    Binding,
    Exchange,
    Permission,
    Policy,
    Queue,
    VirtualHost,
)
from recado.management.objects import Thing
from recado_cli.topology.document import DEFAULT_VHOST, Document, GroupTable
from recado_cli.topology.state import Kind, Place, State, state_of

RESERVED = "amq."
"""What the names of the server's own exchanges and queues begin with."""


@dataclass(frozen=True, slots=True)
class _Said:
    """A thing, and where in the file it is said."""

    path: str
    thing: Thing
    is_implied: bool = False
    """Whether something else brings it along; then it may be said several times."""


def expanded(document: Document, what: str) -> State:
    """Return the state that a file wants.

    Raises:
        SchemaError: with everything in it that does not fit together.
    """
    said = [
        *_virtual_hosts(document),
        *_permissions(document),
        *_policies(document),
        *_exchanges(document),
        *_queues(document),
        *_bindings(document),
    ]
    problems = [*_repeated(said), *_leading_nowhere(said), *_homeless(document, said)]
    if problems:
        raise SchemaError(what, problems)
    return state_of((each.thing for each in said), _told(document))


def _told(document: Document) -> Iterator[Kind]:
    """Yield the kinds of which the file says everything."""
    parts: dict[Kind, object] = {
        VirtualHost: document.vhosts,
        Permission: document.permissions,
        Policy: document.policies,
        Exchange: document.exchanges,
        Queue: document.groups,
        Binding: document.groups,
    }
    return (kind for kind, part in parts.items() if part is not None)


# What each part says


def _virtual_hosts(document: Document) -> Iterator[_Said]:
    for index, each in enumerate(document.vhosts or ()):
        yield _Said(f"vhosts[{index}]", VirtualHost(**each.model_dump()))


def _permissions(document: Document) -> Iterator[_Said]:
    for index, each in enumerate(document.permissions or ()):
        yield _Said(f"permissions[{index}]", Permission(**each.model_dump()))


def _policies(document: Document) -> Iterator[_Said]:
    for index, each in enumerate(document.policies or ()):
        yield _Said(f"policies[{index}]", Policy(**each.model_dump()))


def _exchanges(document: Document) -> Iterator[_Said]:
    for index, each in enumerate(document.exchanges or ()):
        yield _Said(f"exchanges[{index}]", Exchange(**each.model_dump()))
    for path, name, group in _members(document, broadcast=True):
        exchange = Exchange(vhost=group.vhost, name=name, type="fanout", durable=True)
        yield _Said(path, exchange)


def _queues(document: Document) -> Iterator[_Said]:
    for path, name, group in _members(document, broadcast=False):
        yield _Said(path, _queue(name, group, _arguments(name, group)))
        settings = group.settings.queues
        dead = settings.dead_letter_name(name)
        if dead and settings.has_dead_letter_queues:
            queue = _queue(dead, group, {"x-queue-type": settings.type})
            yield _Said(path, queue, is_implied=True)


def _bindings(document: Document) -> Iterator[_Said]:
    for index, each in enumerate(document.bindings or ()):
        fields = each.model_dump()
        if each.routing_key is None:
            fields["routing_key"] = each.destination
        yield _Said(f"bindings[{index}]", Binding(**fields))
    for path, name, group in _members(document, broadcast=False):
        for source in group.bindings:
            # The default exchange leads to every queue by itself.
            if source:
                binding = Binding(
                    vhost=group.vhost,
                    source=source,
                    destination=name,
                    routing_key=name,
                )
                yield _Said(path, binding)


def _members(
    document: Document, *, broadcast: bool
) -> Iterator[tuple[str, str, GroupTable]]:
    for index, group in enumerate(document.groups or ()):
        if group.settings.broadcast is broadcast:
            for place, name in enumerate(group.names):
                yield f"groups[{index}].names[{place}]", name, group


def _queue(name: str, group: GroupTable, arguments: dict[str, Any]) -> Queue:
    return Queue(vhost=group.vhost, name=name, arguments=arguments)


def _arguments(name: str, group: GroupTable) -> dict[str, Any]:
    settings = group.settings.queues
    arguments: dict[str, Any] = {"x-queue-type": settings.type}
    if settings.type != "stream":
        alone = group.settings.single_active_consumer
        arguments["x-single-active-consumer"] = alone
    if dead := settings.dead_letter_name(name):
        arguments["x-dead-letter-exchange"] = settings.dead_letter_exchange
        arguments["x-dead-letter-routing-key"] = dead
    return arguments


# What does not fit together


def _repeated(said: list[_Said]) -> Iterator[Problem]:
    first: dict[tuple[Kind, Place], _Said] = {}
    for each in said:
        before = first.setdefault((type(each.thing), each.thing.place), each)
        is_same = before.thing == each.thing and before.is_implied and each.is_implied
        if before is not each and not is_same:
            name = f"{each.thing.kind} {each.thing.title!r}"
            yield Problem(each.path, f"{name} is said at {before.path} already")


def _leading_nowhere(said: list[_Said]) -> Iterator[Problem]:
    """Yield the bindings whose ends are not in the file."""
    ends: dict[tuple[str, str], set[str]] = {}
    for each in said:
        if isinstance(each.thing, Queue | Exchange):
            key = (each.thing.kind, each.thing.vhost)
            ends.setdefault(key, set()).add(each.thing.name)
    for each in said:
        if isinstance(each.thing, Binding):
            way = each.thing
            for kind, name in (
                ("exchange", way.source),
                (way.destination_type, way.destination),
            ):
                known = ends.get((kind, way.vhost), set())
                if name and name not in known and not name.startswith(RESERVED):
                    yield Problem(
                        each.path,
                        f"there is no {kind} {name!r} in this file for virtual host"
                        f" {way.vhost!r}{nearest(name, known)}",
                    )


def _homeless(document: Document, said: list[_Said]) -> Iterator[Problem]:
    """Yield what is in a virtual host that the file does not name among its own."""
    if document.vhosts is None:
        return
    known = {DEFAULT_VHOST, *(each.name for each in document.vhosts)}
    for each in said:
        vhost = getattr(each.thing, "vhost", DEFAULT_VHOST)
        if vhost not in known and not each.is_implied:
            yield Problem(
                each.path, f"there is no virtual host {vhost!r}{nearest(vhost, known)}"
            )
