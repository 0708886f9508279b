"""Who is alive: leases that each heartbeat renews, and that end without one.

Nothing here knows the time; it is given. A lease counts seconds, not heartbeats, and
silence counts against an instance only while this registry hears anybody at all: it
hears its own heartbeats, so when there are none it is the broker that is silent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from recado.heartbeat import Status
from recado.schemas.registry import LEFT, LOST, REGISTERED, Beat

LEASE_S: Final = 15.0
DEAF_S: Final = 10.0
"""A silence of everybody that is longer than this is ours, not theirs."""
LIMIT: Final = 10_000
"""Instances kept at most; as many that have ended are remembered."""

FINAL: Final = frozenset({Status.TEARDOWN, Status.END, Status.ERROR})
"""What an instance says last; in SHUTDOWN it still finishes what it holds."""


@dataclass(frozen=True, slots=True)
class Lease:
    """An instance that is alive until ``ends_at``, unless it is heard again."""

    instance: str
    service: str
    process: str
    """When it says it started: tells it from a later process of the same name."""
    since: float
    heard_at: float
    ends_at: float
    beat: Beat
    mark: str
    """What the last heartbeat is known by to everyone who heard it."""


@dataclass(frozen=True, slots=True)
class News:
    """A change of an instance; ``type`` is the event's.

    ``key`` is the same in every registry that noticed the change.
    """

    type: str
    lease: Lease
    at: float
    key: str


class Leases:
    """All instances that are alive, as far as they have been heard of since ``now``."""

    def __init__(self, now: float, lease_s: float = LEASE_S) -> None:
        self.refused = 0
        """Heartbeats of new instances for which there was no room."""
        self._lease_s = lease_s
        self._leases: dict[str, Lease] = {}
        self._ended: dict[tuple[str, str], News] = {}
        self._heard_at = now
        self._complete_at = now + lease_s

    def __len__(self) -> int:
        """Return how many instances are alive."""
        return len(self._leases)

    def alive(self, service: str | None = None) -> list[Lease]:
        """Return the leases that run, of one service or of all, in order."""
        found = (x for x in self._leases.values() if service in (None, x.service))
        return sorted(found, key=lambda lease: (lease.service, lease.instance))

    def complete_in_s(self, now: float) -> float:
        """Return the seconds until everybody who is alive must have been heard."""
        return max(0.0, self._complete_at - now)

    def wait_s(self, now: float) -> float | None:
        """Return the seconds until a lease may end; none if there are no leases."""
        if not self._leases:
            return None
        first = min(lease.ends_at for lease in self._leases.values())
        # Overdue leases are left only while we are deaf, and renewed when that ends.
        return first - now if first > now else DEAF_S

    def hear(self, beat: Beat, beat_id: str, now: float) -> list[News]:
        """Take a heartbeat into account, and return what changes by it."""
        self._listen(now)
        lease = self._lease(beat, beat_id, now)
        held = self._leases.get(lease.instance)
        news: list[News] = []
        if held and held.process != lease.process:
            news.append(self._end(LOST, held, now))
            held = None
        if beat.status in FINAL:
            return news + self._leave(held, lease, now)
        if held:
            self._leases[lease.instance] = replace(lease, since=held.since)
            return news
        return news + self._register(lease, now)

    def expire(self, now: float) -> list[News]:
        """End the leases that were not renewed in time, and return them."""
        if self._is_deaf(now):
            return []
        overdue = [lease for lease in self._leases.values() if lease.ends_at <= now]
        return [self._end(LOST, lease, now) for lease in overdue]

    def _is_deaf(self, now: float) -> bool:
        return now - self._heard_at > DEAF_S

    def _listen(self, now: float) -> None:
        if self._is_deaf(now):
            self._complete_at = now + self._lease_s
            self._leases = {
                name: replace(lease, ends_at=self._complete_at)
                for name, lease in self._leases.items()
            }
        self._heard_at = now

    def _lease(self, beat: Beat, beat_id: str, now: float) -> Lease:
        details = beat.recado or {}
        started = _number(details, "started_at")
        return Lease(
            instance=beat.host,
            service=_service(beat, details),
            process="" if started is None else repr(started),
            since=now if started is None else started,
            heard_at=now,
            ends_at=now + self._lease_s,
            beat=beat,
            # Zocalo's heartbeats have no id: everyone who hears one makes its own.
            mark=f"{now:.0f}" if started is None else beat_id,
        )

    def _register(self, lease: Lease, now: float) -> list[News]:
        ended = self._ended.get((lease.instance, lease.process))
        if ended and ended.type == LEFT and lease.process:
            return []  # a heartbeat that was overtaken by the last one
        if len(self._leases) >= LIMIT:
            self.refused += 1
            return []
        self._leases[lease.instance] = lease
        # A registry that is started again hears everybody for the first time: what does
        # not depend on the heartbeat that it happens to hear first is told only once.
        again = ended.key if ended else ""
        return [_news(REGISTERED, lease, now, again if lease.process else lease.mark)]

    def _leave(self, held: Lease | None, last: Lease, now: float) -> list[News]:
        ended = self._ended.get((last.instance, last.process))
        if held is None and ended and ended.type == LEFT:
            return []
        since = held.since if held else last.since
        return [self._end(LEFT, replace(last, since=since), now)]

    def _end(self, type_: str, lease: Lease, now: float) -> News:
        self._leases.pop(lease.instance, None)
        unmarked = type_ == LEFT and lease.process
        news = _news(type_, lease, now, "" if unmarked else lease.mark)
        self._ended.pop((lease.instance, lease.process), None)
        self._ended[lease.instance, lease.process] = news
        if len(self._ended) > LIMIT:
            del self._ended[next(iter(self._ended))]
        return news


def _news(type_: str, lease: Lease, now: float, mark: str) -> News:
    key = "/".join([type_, lease.instance, lease.process, mark])
    return News(type_, lease, now, key)


def _service(beat: Beat, details: Mapping[str, Any]) -> str:
    name = details.get("name")
    if isinstance(name, str) and 0 < len(name) <= 200:
        return name
    return beat.service or beat.serviceclass or "unknown"


def _number(details: Mapping[str, Any], key: str) -> float | None:
    value = details.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 2**53 else None
