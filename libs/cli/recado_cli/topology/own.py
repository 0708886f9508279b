"""What recado itself needs on a broker: its services' queues, and the topics they hear."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final

from recado.discovery import find_service, service_names
from recado.events import EVENTS_QUEUE
from recado.heartbeat import STATUS_TOPIC
from recado.management import Binding, Exchange, Permission, Queue, User
from recado.management.objects import Thing
from recado.runtime.commands import COMMAND_TOPIC
from recado.service import Binding as Taken
from recado.transport import DEAD_LETTERS
from recado.transport.rabbitmq import RabbitTransport, arguments, read_url
from recado_cli.topology.document import DEFAULT_VHOST
from recado_cli.topology.state import State, state_of

PREFIX: Final = "recado."
"""What the names of all begin with that the transport makes for itself."""


def own_queues(plugins: Collection[str] | None) -> list[str]:
    """Return the queues that the installed services take from, and send to.

    Raises:
        ConfigError: if a service cannot be imported.
    """
    taken = {each.source for each in _taken(plugins) if each.role != "topic"}
    return sorted(taken | {EVENTS_QUEUE, DEAD_LETTERS})


def own_topics(plugins: Collection[str] | None) -> list[str]:
    """Return the topics that the installed services hear.

    Raises:
        ConfigError: if a service cannot be imported.
    """
    heard = {each.source for each in _taken(plugins) if each.role == "topic"}
    return sorted(heard | {COMMAND_TOPIC, STATUS_TOPIC})


def own_state(
    broker: str, version: tuple[int, ...], plugins: Collection[str] | None
) -> State:
    """Return what recado needs on a RabbitMQ, as its transport declares it there."""
    vhost = read_url(broker).path or DEFAULT_VHOST
    ceiling = RabbitTransport(broker).ceiling
    queues = [
        Queue(
            vhost=vhost,
            name=name,
            arguments=arguments.queue(name, ceiling, version),
        )
        for name in own_queues(plugins)
    ]
    topics = [
        Exchange(vhost=vhost, name=name, type=arguments.TOPIC, durable=True)
        for name in own_topics(plugins)
    ]
    # Nothing is said of what else may be there.
    return state_of([*queues, *topics], told=())


def kept(plugins: Collection[str] | None, user: str) -> Callable[[Thing], bool]:
    """Return what says of superfluous things whether they stay.

    What recado needs stays, and so does the user who asks, with his rights.
    """
    names = {*own_queues(plugins), *own_topics(plugins)}

    def is_own(name: str) -> bool:
        return name in names or name.startswith(PREFIX)

    def is_kept(thing: Thing) -> bool:
        match thing:
            case User():
                return thing.name == user
            case Permission():
                return thing.user == user
            case Queue() | Exchange():
                return is_own(thing.name)
            case Binding():
                return is_own(thing.source) or is_own(thing.destination)
            case _:
                return False

    return is_kept


def _taken(plugins: Collection[str] | None) -> Iterator[Taken]:
    for name in service_names(plugins):
        yield from find_service(name, plugins).bindings()
