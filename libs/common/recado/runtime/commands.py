"""Commands on the topic ``command``, in Zocalo's format: only ``shutdown`` is known."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, Final, cast

from recado.errors import SchemaError
from recado.message import decode
from recado.service import Service

COMMAND_TOPIC: Final = "command"
SHUTDOWN: Final = "shutdown"


def is_shutdown(body: bytes, instance: str, service: type[Service]) -> bool:
    """Whether a command asks this instance to end: by its name, or by its service's.

    A service may be called by its own name or by its class's, in any case, and by nothing
    shorter: how a name begins may be how others begin as well.
    """
    names = {service.service_name().lower(), service.__name__.lower()}
    return is_shutdown_of(body, instance, names)


def is_shutdown_of(body: bytes, instance: str, names: Container[str] = ()) -> bool:
    """Whether a command asks what has an instance's name, or one of the ``names``, to end.

    The names are in lower case. A command that gives an instance and a service means
    instances for which both are right.
    """
    try:
        command = decode(body)
    except SchemaError:
        return False
    if not isinstance(command, dict):
        return False
    fields = cast("dict[str, Any]", command)
    if fields.get("command") != SHUTDOWN or not fields.keys() & {"host", "service"}:
        return False
    is_meant = "service" not in fields or _lowered(fields["service"]) in names
    return is_meant and ("host" not in fields or _is_host(fields["host"], instance))


def _is_host(told: object, instance: str) -> bool:
    """Whether a name is an instance's; Zocalo writes a host without a domain as ``.host``."""
    return isinstance(told, str) and told.removeprefix(".") == instance


def _lowered(value: object) -> str:
    """Return a name in lower case; an empty one, which nobody has, for what is none."""
    return value.lower() if isinstance(value, str) else ""
