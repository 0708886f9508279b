"""What was heard so far, kept for as long as it matters; no clock of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any, Final, cast

from recado.control import Heard
from recado.heartbeat import TEXTS, Status
from recado.schemas.registry import Beat
from recado.transport import Depth
from recado_cli.monitor.view import InstanceRow, QueueRow, View
from recado_cli.shutdown.meant import label

GONE_S: Final = 90.0
"""An instance that was not heard for so long is shown no more."""
ENDED_S: Final = 15.0
"""One that said that it ends is shown for so much longer."""
LATELY_S: Final = 12.0
"""What rates and growth look back at: two heartbeats."""
_ENDLESS: Final = 2**63
"""Nobody counts so far: a heartbeat that says so, and may come from anybody, is no good."""
_BUSY: Final = (Status.PROCESSING, Status.TIMER)


class Samples:
    """A number that changes, and what it was a while ago."""

    def __init__(self) -> None:
        self._known: deque[tuple[float, int]] = deque()

    def add(self, at: float, number: int) -> None:
        """Take the number as it is now."""
        if self._known and number < self._known[-1][1]:
            # A counter begins anew with its process.
            self._known.clear()
        self._known.append((at, number))
        while len(self._known) > 2 and self._known[1][0] <= at - LATELY_S:
            self._known.popleft()

    @property
    def rate(self) -> float | None:
        """How much it grew in a second; none as long as that cannot be told."""
        if len(self._known) < 2:
            return None
        (first, before), (last, now) = self._known[0], self._known[-1]
        return (now - before) / (last - first) if last > first else None


class Trend:
    """A number that goes up and down, and how much it has changed of late."""

    def __init__(self) -> None:
        self._known: deque[tuple[float, int]] = deque()

    def add(self, at: float, number: int) -> None:
        """Take the number as it is now."""
        self._known.append((at, number))
        while self._known[0][0] < at - LATELY_S:
            self._known.popleft()

    @property
    def growth(self) -> int:
        """How much more it is than it was."""
        return self._known[-1][1] - self._known[0][1] if self._known else 0


class Board:
    """Keeps what instances and services say, and shows it as it is at a moment."""

    def __init__(self, broker: str) -> None:
        self.is_connected = True
        self.runs: Mapping[str, str] = {}
        self.letters: int | None = None
        self.away: set[str] = set()
        self._broker = broker
        self._heard: dict[str, Heard] = {}
        self._handled: dict[str, Samples] = {}
        self._depths: dict[str, Depth] = {}
        self._trends: dict[str, Trend] = {}

    def hear(self, heard: Mapping[str, Heard]) -> None:
        """Take what instances said last; those that are not named stay as they were."""
        for name, each in heard.items():
            if self._heard.get(name) is each:
                continue
            self._heard[name] = each
            number = _count(own(each.beat).get("handled"))
            if number is not None:
                self._handled.setdefault(name, Samples()).add(each.at, number)

    def see_queues(self, depths: Mapping[str, Depth], now: float) -> None:
        """Take how many messages the queues hold."""
        self._depths = dict(depths)
        for name, depth in depths.items():
            self._trends.setdefault(name, Trend()).add(now, depth.total)

    def forget(self, now: float) -> list[str]:
        """Drop the instances that are to be shown no more; return their names."""
        gone = [
            name
            for name, each in self._heard.items()
            if now - each.at > (ENDED_S if each.has_ended else GONE_S)
        ]
        for name in gone:
            del self._heard[name]
            self._handled.pop(name, None)
        return gone

    @property
    def queues(self) -> list[str]:
        """The queues that instances say they take from."""
        return sorted({it for each in self._heard.values() for it in each.beat.queues})

    def view(self, now: float) -> View:
        """Return how everything is."""
        rows = [self._row(name, each, now) for name, each in self._heard.items()]
        return View(
            self._broker,
            self.is_connected,
            tuple(sorted(rows, key=lambda row: (row.service, row.instance))),
            tuple(
                QueueRow(name, it.ready, it.delayed, it.held, self._trends[name].growth)
                for name, it in sorted(self._depths.items())
            ),
            dict(self.runs),
            self.letters,
            tuple(sorted(self.away)),
        )

    def _row(self, name: str, heard: Heard, now: float) -> InstanceRow:
        beat, facts = heard.beat, own(heard.beat)
        samples = self._handled.get(name)
        more = beat.model_extra or {}
        return InstanceRow(
            service=label(beat),
            instance=name,
            state=_state(beat),
            age_s=max(0.0, now - heard.at),
            has_ended=heard.has_ended,
            is_ours=beat.recado is not None,
            share=_share(more.get("utilization")),
            in_work=_count(facts.get("in_flight")),
            concurrency=_count(facts.get("concurrency")),
            rate=samples.rate if samples else None,
            handled=_count(facts.get("handled")),
            dead=_count(facts.get("dead")),
            version=str(facts.get("version") or more.get("workflows") or "")[:40],
            tag=str(more.get("tag") or "")[:40],
        )


def own(beat: Beat) -> Mapping[str, Any]:
    """Return what one of recado's services says of itself."""
    return beat.recado or {}


def _state(beat: Beat) -> str:
    if beat.statustext:
        return beat.statustext
    known = set(Status)
    return TEXTS[Status(beat.status)] if beat.status in known else str(beat.status)


def _count(value: object) -> int | None:
    match value:
        case bool():
            return None
        case int() if 0 <= value < _ENDLESS:
            return value
        case _:
            return None


def _share(value: object) -> float | None:
    """Return the share of the time at work, of shares by status."""
    if not isinstance(value, dict):
        return None
    shares = cast("dict[object, object]", value)
    total = 0.0
    for status in _BUSY:
        share = shares.get(str(int(status)), 0.0)
        if not isinstance(share, int | float) or not 0 <= share < _ENDLESS:
            return None
        total += share
    return min(1.0, max(0.0, total))
