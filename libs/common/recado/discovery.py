"""Discovery: which services are installed, by the entry points of ``recado.services``.

The built-in services use the same door as everybody's. A name is known at once; its
package is imported when it is asked for, and one that cannot be says why without harm to
the others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Final

from recado.entrypoints import installed, loaded, titled
from recado.errors import ConfigError, NotFoundError, nearest
from recado.registry import Factory, Registry

if TYPE_CHECKING:
    from recado.service import Service

GROUP: Final = "recado.services"

services: Registry[type[Service]] = Factory.create_registry("services")
"""The services that were asked for, by name; more may be registered by hand."""


def service_names(plugins: Collection[str] | None = None) -> list[str]:
    """Return the names of all services, of the allowed ``plugins`` if some are given."""
    names = {*installed(GROUP), *map(str, services.keys())}
    return sorted(name for name in names if plugins is None or name in plugins)


def find_service(name: str, plugins: Collection[str] | None = None) -> type[Service]:
    """Return a service by its name, whatever its case, or by how its name begins.

    Raises:
        NotFoundError: if there is none, or if several begin so.
        ConfigError: if its package cannot be imported, or has no service there.
    """
    full = full_name(name, service_names(plugins))
    if full not in services:
        services.register_prebuilt(_loaded(full), full)
    return services.get(full)


def full_name(name: str, names: Iterable[str]) -> str:
    """Return the one of several names that is meant: exact, in any case, by its start.

    Raises:
        NotFoundError: if there is none, or if several begin so.
    """
    known = sorted(names)
    if name in known:
        return name
    lowered = name.lower()
    same = [each for each in known if each.lower() == lowered]
    begun = [each for each in known if name and each.startswith(name)]
    nearly = [each for each in known if lowered and each.lower().startswith(lowered)]
    found = same or begun or nearly
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFoundError(
            f"{name!r} may be any of these services: {', '.join(found)}"
        )
    raise NotFoundError(f"no service named {name!r}{nearest(name, known)}")


def broken_services(plugins: Collection[str] | None = None) -> dict[str, str]:
    """Return why services cannot be loaded, by name; imports every one of them."""
    reasons: dict[str, str] = {}
    for name in service_names(plugins):
        try:
            find_service(name, plugins)
        except ConfigError as error:
            reasons[name] = str(error)
    return reasons


def _loaded(name: str) -> type[Service]:
    from recado.service import Service

    point = installed(GROUP)[name]
    found = loaded("service", point)
    if not isinstance(found, type) or not issubclass(found, Service):
        where = titled("service", point)
        raise ConfigError(f"{where}: is not a recado.Service, but {found!r}")
    return found
