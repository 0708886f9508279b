"""What the registry tells the event store, each change once."""

from __future__ import annotations

from typing import Any, Final

from recado.events import Event
from recado.ids import as_id, derived_id
from recado.schemas.registry import LEFT, LOST, REGISTRY_STREAM
from recado_registry.liveness import Lease, News

_NAMESPACE: Final = as_id("registry")


def event_of(news: News) -> Event:
    """Return the event that tells of a change.

    Its id derives from the change, not from who noticed it: of two registries that tell
    the same, one is written down.
    """
    id_ = derived_id(_NAMESPACE, news.key)
    return Event(id_, REGISTRY_STREAM, news.type, _data(news), news.at)


def _data(news: News) -> dict[str, Any]:
    lease = news.lease
    data: dict[str, Any] = {
        "instance": lease.instance,
        "service": lease.service,
        "since": lease.since,
    }
    if news.type == LOST:
        return data | {"heard_at": lease.heard_at, "silent_s": _silence_s(news)}
    if news.type == LEFT:
        return data | {"status": lease.beat.status, "statustext": lease.beat.statustext}
    return data | {"version": _version(lease)}


def _silence_s(news: News) -> float:
    return round(news.at - news.lease.heard_at, 3)


def _version(lease: Lease) -> str:
    said = (lease.beat.recado or {}).get("version")
    return said if isinstance(said, str) else ""
