"""Events as a line of text each."""

from __future__ import annotations

from typing import Final

from pydantic_core import to_json

from recado.schemas.events import StoredEvent
from recado_cli.output import clean, when

_LONGEST: Final = 400


def event_text(event: StoredEvent) -> str:
    """Return an event as one line: position, time, stream and version, type, data."""
    data = to_json(event.data).decode()
    if len(data) > _LONGEST:
        data = f"{data[:_LONGEST]}…"
    where = f"{event.stream}@{event.version}"
    return clean(f"{event.position} {when(event.at)} {where} {event.type} {data}")
