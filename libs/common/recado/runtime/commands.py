"""Commands on the topic ``command``, in Zocalo's format: only ``shutdown`` is known."""

from __future__ import annotations

from typing import Any, Final, cast

from recado.errors import SchemaError
from recado.message import decode
from recado.service import Service

COMMAND_TOPIC: Final = "command"


def is_shutdown(body: bytes, instance: str, service: type[Service]) -> bool:
    """Whether a command asks this instance to end: by its name, or by its service's."""
    try:
        command = decode(body)
    except SchemaError:
        return False
    if not isinstance(command, dict):
        return False
    fields = cast("dict[str, Any]", command)
    if fields.get("command") != "shutdown":
        return False
    names = {service.service_name(), service.__name__}
    return fields.get("host") == instance or fields.get("service") in names
