"""Metrics: how an instance is doing, in the words of Prometheus.

Nothing is counted for them alone: what is told is read from the instance when somebody
asks. Each request for it has a registry of its own, so the library's global one is not
touched.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

BOUNDS_S: Final = (
    *(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5),
    *(1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0),
)
"""The upper bounds of the classes into which durations are sorted."""


@dataclass(slots=True)
class Durations:
    """A histogram of how long something took; adding to it costs next to nothing."""

    sum_s: float = 0.0
    counts: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS_S) + 1))
    """By class; the last one has no bound."""

    def add(self, seconds: float) -> None:
        """Count one more."""
        self.counts[bisect_left(BOUNDS_S, seconds)] += 1
        self.sum_s += seconds


@dataclass(frozen=True, slots=True)
class Taken:
    """What an instance has taken from one queue, and what became of it."""

    queue: str
    in_work: int
    waiting: int
    durations: Durations
    ended: Mapping[str, int]
    """How many messages ended, by outcome."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Everything that is told of an instance, as it is now."""

    service: str
    version: str
    unready: str
    """Why it is not ready; empty if it is."""
    is_connected: bool
    is_blocked: bool
    unsettled: int
    """Messages whose end is decided and not yet known to the broker."""
    taken: Sequence[Taken]


def exposition(reading: Reading) -> bytes:
    """Return a reading, and the process's own figures, in Prometheus' text format."""
    from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest

    registry = CollectorRegistry()
    registry.register(_Told(reading))
    ProcessCollector(registry=registry)
    return generate_latest(registry)


class _Told:
    """A reading, in the shape in which Prometheus' library collects."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def collect(self) -> Iterator[Metric]:
        yield from _of_instance(self._reading)
        yield from _of_queues(self._reading)


def _of_instance(reading: Reading) -> Iterator[Metric]:
    from prometheus_client.metrics_core import GaugeMetricFamily

    about = {"service": reading.service}
    info = GaugeMetricFamily("recado_info", "What runs here", labels=_INFO)
    info.add_metric([reading.service, reading.version], 1)
    yield info
    for name, text, value in (
        ("recado_ready", "Whether it takes messages", not reading.unready),
        ("recado_connected", "Whether the broker is there", reading.is_connected),
        ("recado_blocked", "Whether the broker keeps it waiting", reading.is_blocked),
        ("recado_unsettled", "Messages handled and not yet ended", reading.unsettled),
    ):
        gauge = GaugeMetricFamily(name, text, labels=[*about])
        gauge.add_metric([*about.values()], value)
        yield gauge


def _of_queues(reading: Reading) -> Iterator[Metric]:
    from prometheus_client.metrics_core import (
        CounterMetricFamily,
        GaugeMetricFamily,
        HistogramMetricFamily,
    )

    ended = CounterMetricFamily(
        "recado_messages", "Messages by how they ended", labels=[*_QUEUE, "outcome"]
    )
    in_work = GaugeMetricFamily(
        "recado_in_work", "Messages that are being handled", labels=_QUEUE
    )
    waiting = GaugeMetricFamily(
        "recado_waiting", "Messages taken and not yet begun", labels=_QUEUE
    )
    handling = HistogramMetricFamily(
        "recado_handling_seconds", "How long handling took", labels=_QUEUE
    )
    for each in reading.taken:
        labels = [reading.service, each.queue]
        for outcome, count in each.ended.items():
            ended.add_metric([*labels, outcome], count)
        in_work.add_metric(labels, each.in_work)
        waiting.add_metric(labels, each.waiting)
        handling.add_metric(labels, _buckets(each.durations), each.durations.sum_s)
    yield from (ended, in_work, waiting, handling)


_INFO: Final = ("service", "version")
_QUEUE: Final = ("service", "queue")


def _buckets(durations: Durations) -> list[tuple[str, float]]:
    """Return the counts as Prometheus has them: each holds those below it as well."""
    bounds = (*map(str, BOUNDS_S), "+Inf")
    return list(zip(bounds, accumulate(durations.counts), strict=True))
