"""Places: in which queues a broker keeps the dead letters of services that are not recado's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

from recado.errors import (
    ConfigError,
    RequestTimeoutError,
    UnroutableError,
    UnsupportedError,
)
from recado.transport import DEAD_LETTERS, Transport

if TYPE_CHECKING:
    from recado.config import Settings
    from recado.dumps import Wording

_SHARED = "ActiveMQ.DLQ"


@dataclass(frozen=True, slots=True)
class Places:
    """Queues that are there, and what is to be said of how they were found."""

    queues: Sequence[str]
    remark: str = ""


def wording(broker: str) -> Wording:
    """Return in whose words a broker tells of deaths; the embedded one in RabbitMQ's."""
    return "stomp" if broker.startswith("stomp") else "amqp"


def place_of(name: str, broker: str) -> str:
    """Return the queue of the dead letters of a queue; its own name is taken as well.

    Raises:
        ConfigError: for recado's own dead letters, which are in the service's keeping.
    """
    if name == DEAD_LETTERS:
        raise ConfigError(
            f"{name!r} is recado's own: 'recado dlq ls' lists what the service keeps"
        )
    if wording(broker) == "amqp":
        return name if name.startswith("dlq.") else f"dlq.{name}"
    if name == _SHARED or name.startswith("DLQ."):
        return name
    space = namespace(broker)
    return f"DLQ.{name}" if name.startswith(space) else f"DLQ.{space}{name}"


def namespace(broker: str) -> str:
    """Return what every queue's name begins with on ActiveMQ; empty for other brokers."""
    if wording(broker) == "amqp":
        return ""
    from recado.transport.activemq import ActiveMQTransport

    return ActiveMQTransport(broker).names.prefix


def in_namespace(settings: Settings, name: str | None) -> Settings:
    """Return the settings for another virtual host, or ActiveMQ's namespace.

    Raises:
        ConfigError: if the broker has neither.
    """
    if name is None:
        return settings
    if settings.broker.startswith("sqlite:"):
        raise ConfigError("--namespace: the embedded broker has no namespaces")
    scheme, _, rest = settings.broker.partition("://")
    place, mark, options = rest.partition("?")
    hosts = place.partition("/")[0]
    broker = f"{scheme}://{hosts}/{quote(name, safe='')}{mark}{options}"
    return settings.model_copy(update={"broker": broker})


async def places(
    transport: Transport, settings: Settings, names: Sequence[str]
) -> Places:
    """Return the queues of dead letters: those named, or else all that can be found.

    Raises:
        UnroutableError: naming those that nobody has declared.
    """
    if names:
        queues = [place_of(name, settings.broker) for name in names]
        await transport.declare(queues, "verify")
        return Places(list(dict.fromkeys(queues)))
    try:
        return Places(await transport.dead_letter_queues())
    except UnsupportedError:
        if wording(settings.broker) == "stomp":
            raise
    if settings.management is not None:
        return Places(await _listed(settings))
    return await _guessed(transport, settings)


async def _listed(settings: Settings) -> list[str]:
    """Return the queues that RabbitMQ's management interface lists."""
    from recado.management import Management, management_address
    from recado.transport.rabbitmq import read_url

    address = management_address(settings.management, settings.broker)
    async with Management(address) as management:
        queues = await management.queues(read_url(settings.broker).path or "/")
    return sorted(it.name for it in queues if it.name.startswith("dlq."))


async def _guessed(transport: Transport, settings: Settings) -> Places:
    """Return the queues for the dead of those that are known: AMQP cannot list any."""
    known = [f"dlq.{name}" for name in await _known(transport, settings)]
    found = list(await transport.depths(known))
    remark = (
        f"looked for dlq.QUEUE of {len(known)} known queues: RabbitMQ lists queues only over"
        " its management interface, which --management names"
    )
    return Places(sorted(found), remark)


async def _known(transport: Transport, settings: Settings) -> list[str]:
    """Return the queues that instances consume, and those in the recipe folder."""
    from recado.clients.lookup import Lookup
    from recado.errors import RecipeError
    from recado.recipe import RecipeFolder
    from recado_cli.overview import TIMEOUT_S, consumed

    try:
        services = await Lookup(transport, TIMEOUT_S).services()
    except (RequestTimeoutError, UnroutableError):
        services = None
    found = set(consumed(services)) - {DEAD_LETTERS}
    folder = RecipeFolder(settings.recipes)
    for name in folder.names():
        try:
            steps = folder.load(name).steps.values()
        except RecipeError:
            continue
        found.update(step.queue for step in steps if step.queue)
    return sorted(found)
