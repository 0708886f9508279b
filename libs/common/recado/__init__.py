"""recado: recipe-driven processing on asyncio services behind a broker.

The names here are all that the author of a service needs. They are imported when they are
first used, so that a part of recado that needs none of them starts fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recado.codec import Codec
    from recado.errors import RecadoError
    from recado.events import Event
    from recado.message import Message
    from recado.outbox import Outbox
    from recado.recipe import Recipe
    from recado.retry import Reject, RetryLater, RetryPolicy
    from recado.service import Service, answers, hears, takes, takes_batch
    from recado.step import Step

__version__ = "0.1.0"

_HOMES = {
    "Codec": "recado.codec",
    "Event": "recado.events",
    "Message": "recado.message",
    "Outbox": "recado.outbox",
    "RecadoError": "recado.errors",
    "Recipe": "recado.recipe",
    "Reject": "recado.retry",
    "RetryLater": "recado.retry",
    "RetryPolicy": "recado.retry",
    "Service": "recado.service",
    "Step": "recado.step",
    "answers": "recado.service",
    "hears": "recado.service",
    "takes": "recado.service",
    "takes_batch": "recado.service",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])


__all__ = [
    "Codec",
    "Event",
    "Message",
    "Outbox",
    "RecadoError",
    "Recipe",
    "Reject",
    "RetryLater",
    "RetryPolicy",
    "Service",
    "Step",
    "answers",
    "hears",
    "takes",
    "takes_batch",
]
