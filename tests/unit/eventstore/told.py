"""Events for the tests, made from a few words each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from itertools import count
from typing import Any

from recado.events import (
    DEAD,
    FAILED,
    HANDLED,
    RETRIED,
    RUN_STARTED,
    Event,
    outcome_id,
    run_stream,
)
from recado.ids import checksum, derived_id

ROOT = "00000000-0000-4000-8000-000000000000"
RUN = "7f0d1f6e-7d0f-4a3f-9f0a-0c2c6a7d1a11"
_numbers = count()


def named(name: str) -> str:
    """Return an id that is the same for the same name."""
    return derived_id(ROOT, name)


def event(stream: str = "order-1", type_: str = "order.placed", **data: Any) -> Event:
    """Return an event that is like no other."""
    return Event(named(f"event {next(_numbers)}"), stream, type_, data, 100.0)


def events(number: int, stream: str = "order-1") -> list[Event]:
    """Return that many events of one stream."""
    return [event(stream, n=index) for index in range(number)]


def sums(names: Sequence[str]) -> dict[str, Any]:
    """Return the fields that tell of messages sent."""
    total = reduce(lambda left, name: left ^ checksum(named(name)), names, 0)
    return {"children": len(names), "checksum": f"{total:016x}"}


def started(*sent: str, run: str = RUN, at: float = 100.0, **data: Any) -> Event:
    """Return the event of a run that starts with messages of these names."""
    id_ = derived_id(named(run), "started")
    return Event(id_, run_stream(run), RUN_STARTED, sums(sent) | data, at)


def handled(
    message: str,
    *sent: str,
    run: str = RUN,
    step: int | None = 1,
    retries: int = 0,
    at: float = 101.0,
    ms: float = 2.0,
) -> Event:
    """Return the event of a message that was handled, and sent others."""
    data = {"message": named(message), "ms": ms, **_place(step), **sums(sent)}
    id_ = outcome_id(named(message), str(retries))
    return Event(id_, run_stream(run), HANDLED, data, at)


def failed(message: str, attempt: int = 1, *, at: float = 101.0) -> Event:
    """Return the event of an attempt that failed."""
    data = {"message": named(message), "attempt": attempt, **_place(1)}
    id_ = derived_id(named(message), f"failed/0/{attempt}")
    return Event(id_, run_stream(RUN), FAILED, data, at)


def dead(message: str, *, retries: int = 0, at: float = 102.0) -> Event:
    """Return the event of a message that became a dead letter."""
    data = {"message": named(message), "letter": f"letter-{message}", **_place(1)}
    id_ = outcome_id(named(message), str(retries))
    return Event(id_, run_stream(RUN), DEAD, data, at)


def retried(message: str, *, retries: int = 1, at: float = 103.0) -> Event:
    """Return the event of a dead letter that was sent back."""
    data = {"message": named(message), "queue": "work", "retries": retries}
    id_ = derived_id(named(message), f"retried/{retries}")
    return Event(id_, run_stream(RUN), RETRIED, data, at)


def _place(step: int | None) -> dict[str, Any]:
    return {"step": step, "service": "worker", "queue": "work"}
