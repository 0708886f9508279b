"""Whom ``recado shutdown`` means: instances by their names, by their services, or all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recado.control import shutdown_of
from recado.errors import NotFoundError, nearest
from recado.schemas.registry import Beat

NO_SERVICE = "none"
"""Stands for Zocalo's frontends that have no service."""


@dataclass(slots=True)
class Meant:
    """The instances that are to end, the commands for them, and names that nobody has."""

    instances: list[str] = field(default_factory=list[str])
    commands: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    problems: list[str] = field(default_factory=list[str])

    def add(self, instance: str) -> None:
        """Have one instance end, by its own name."""
        if instance not in self.instances:
            self.instances.append(instance)
        self.tell(shutdown_of(host=instance))

    def tell(self, commands: Sequence[dict[str, Any]]) -> None:
        """Have commands sent, each once."""
        self.commands += [each for each in commands if each not in self.commands]


def meant(
    hosts: Sequence[str],
    services: Sequence[str],
    present: Mapping[str, Beat],
    this_host: str,
) -> Meant:
    """Return whom names mean among those that are there.

    A service's name may be in any case, or cut short. Its instances are told by their own
    names, and it by its own as well: one that starts meanwhile is meant, too.
    """
    found = Meant()
    for host in hosts:
        name = host if host in present else full_host(host, this_host)
        if name in present:
            found.add(name)
        else:
            found.problems.append(f"no instance {host!r}{nearest(name, present)}")
    for service in services:
        _add_service(found, service, present)
    return found


def full_host(host: str, this_host: str) -> str:
    """Return an instance's whole name, of a short one such as ``ws9.65`` as well.

    A name is a host, reversed, and a process id; where it has no domain, that of
    ``this_host`` is meant.
    """
    domain = this_host.split(".")[1:]
    if host.count(".") != 1 or not domain:
        return host
    return ".".join([*reversed(domain), host])


def named(service: str, present: Mapping[str, Beat]) -> dict[str, Beat]:
    """Return the instances of the service that is called so: exactly, in any case, or cut.

    Raises:
        NotFoundError: if there is none, or if several are called so only in part.
    """
    lowered = service.lower()
    if found := _those(present, lambda name: name == service):
        return found
    found = _those(present, lambda name: name.lower() == lowered) or _those(
        present, lambda name: bool(lowered) and name.lower().startswith(lowered)
    )
    labels = sorted({label(beat) for beat in found.values()})
    if not found:
        known = {label(beat) for beat in present.values()}
        raise NotFoundError(f"no service {service!r}{nearest(service, known)}")
    if len(labels) > 1:
        raise NotFoundError(
            f"{service!r} may be any of these services: {', '.join(labels)}"
        )
    return found


def label(beat: Beat) -> str:
    """Return what an instance's service is called in lists."""
    return beat.service or beat.serviceclass or NO_SERVICE


def _those(
    present: Mapping[str, Beat], is_it: Callable[[str], bool]
) -> dict[str, Beat]:
    return {
        instance: beat
        for instance, beat in present.items()
        if any(is_it(name) for name in {label(beat), beat.serviceclass or label(beat)})
    }


def _add_service(found: Meant, service: str, present: Mapping[str, Beat]) -> None:
    try:
        instances = named(service, present)
    except NotFoundError as error:
        found.problems.append(str(error))
        return
    for instance, beat in instances.items():
        # Zocalo's services only know the name of their class.
        name = beat.serviceclass if beat.recado is None else label(beat)
        found.tell(shutdown_of(services=[name]))
        found.add(instance)
