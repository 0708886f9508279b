"""Recipes compared with the services that are running now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recado.clients.lookup import Lookup
from recado.config import Settings
from recado.recipe import unknown_places
from recado.schemas.registry import Instance, ServicesReply
from recado_cli.names import warn_of_start
from recado_cli.overview import consumed
from recado_cli.recipe.library import Look
from recado_cli.session import asking, connected, wait_for


def asked(settings: Settings) -> ServicesReply:
    """Return the services that are running now.

    Raises:
        AwayError: if the registry does not answer.
    """
    services = wait_for(_services(settings))
    warn_of_start(services.complete_in_s)
    return services


def compared(looks: Sequence[Look], services: ServicesReply) -> list[Look]:
    """Return the looks, with a warning for whatever none of the services takes care of."""
    queues = consumed(services)
    names = {name for each in services.instances for name in _names(each)}
    return [
        look.warned(unknown_places(look.recipe, queues, names)) if look.recipe else look
        for look in looks
    ]


async def _services(settings: Settings) -> ServicesReply:
    async with connected(settings) as transport:
        with asking("registry", settings):
            return await Lookup(transport).services()


def _names(instance: Instance) -> Iterator[str]:
    yield instance.service
    # Zocalo's services have a name for people, and that of their class.
    if isinstance(name := instance.beat.get("serviceclass"), str):
        yield name
