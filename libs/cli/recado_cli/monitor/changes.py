"""What has changed from one view to the next: for who reads lines, not a screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from recado_cli.monitor.view import InstanceRow, QueueRow, View

Change: TypeAlias = dict[str, Any]
"""What changed, under ``change``, and how it is now."""


def changes(before: View | None, now: View) -> Iterator[Change]:
    """Yield each thing that is not as it was; of the first view, everything."""
    if before is None or before.is_connected != now.is_connected:
        yield {"change": "broker", "broker": now.broker, "is_there": now.is_connected}
    yield from _instances(before, now)
    yield from _queues(before, now)
    if now.runs and (before is None or before.runs != now.runs):
        yield {"change": "runs", **now.runs}
    if now.letters is not None and (before is None or before.letters != now.letters):
        yield {"change": "letters", "dead": now.letters}
    former = before.away if before else ()
    yield from (
        {"change": "away", "service": it} for it in now.away if it not in former
    )
    yield from (
        {"change": "back", "service": it} for it in former if it not in now.away
    )


def line_of(change: Change) -> str:
    """Return a change as a line for people."""
    match change:
        case {"change": "broker", "broker": broker, "is_there": is_there}:
            return f"{broker} is {'there' if is_there else 'away'}"
        case {"change": "instance", "instance": name, "service": service, "state": it}:
            return f"{service} {name}: {it}"
        case {"change": "queue", "queue": queue, "gone": True}:
            return f"queue {queue}: gone"
        case {"change": "queue", "queue": queue, **counts}:
            said = ", ".join(f"{it} {name}" for name, it in counts.items())
            return f"queue {queue}: {said}"
        case {"change": "runs", **counts}:
            return f"runs: {', '.join(f'{it} {name}' for name, it in counts.items())}"
        case {"change": "letters", "dead": number}:
            return f"dead letters: {number}"
        case {"change": kind, "service": service}:
            return f"{service}: {'does not answer' if kind == 'away' else 'answers'}"
        case _:
            raise AssertionError(f"no such change: {change}")


def _instances(before: View | None, now: View) -> Iterator[Change]:
    former = {row.instance: _state(row) for row in before.instances} if before else {}
    for row in now.instances:
        if former.pop(row.instance, None) != _state(row):
            yield {
                "change": "instance",
                "service": row.service,
                "instance": row.instance,
                "state": _state(row),
            }
    gone = {row.instance: row.service for row in before.instances} if before else {}
    for name in former:
        head = {"change": "instance", "service": gone[name], "instance": name}
        yield head | {"state": "gone"}


def _state(row: InstanceRow) -> str:
    return "not heard" if row.is_late else row.state


def _queues(before: View | None, now: View) -> Iterator[Change]:
    former = {row.queue: _counts(row) for row in before.queues} if before else {}
    for row in now.queues:
        if former.pop(row.queue, None) != _counts(row):
            yield {"change": "queue", "queue": row.queue, **_counts(row)}
    yield from ({"change": "queue", "queue": name, "gone": True} for name in former)


def _counts(row: QueueRow) -> dict[str, int]:
    return {"ready": row.ready, "delayed": row.delayed, "held": row.held}
