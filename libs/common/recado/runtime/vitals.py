"""How an instance is: what its heartbeats, its health and its metrics are read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from recado import __version__
from recado.heartbeat import Card, Status, beat
from recado.letter import describe
from recado.message import decode, encode
from recado.metrics import Reading, Taken, exposition
from recado.runtime.lane import Lane
from recado.runtime.lanes import Plan
from recado.runtime.load import Load
from recado.runtime.plain import TopicWork
from recado.runtime.settler import Settler
from recado.runtime.tally import Tally
from recado.service import Service
from recado.transport.base import Transport

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

_BEFORE: Final = frozenset({Status.NEW, Status.STARTING})


@dataclass(slots=True)
class Vitals:
    """The parts of a runtime that tell how it is, and where it is in its life."""

    service: Service
    instance: str
    transport: Transport
    load: Load
    settler: Settler
    tally: Tally
    lanes: Sequence[Lane]
    log: FilteringBoundLogger
    plans: Sequence[Plan] = ()
    status: Status = Status.NEW
    started_at: float = 0.0
    has_started: bool = False
    """Whether the service has got ready."""
    health_url: str | None = None

    def unready(self) -> str:
        """Return why the instance does not take messages; empty if it does."""
        if self.status in _BEFORE:
            return "starting"
        if self.status is not Status.IDLE:
            return "draining"
        if not self.transport.is_alive:
            return "the broker is away, or a queue is not taken from"
        return ""

    def metrics(self) -> bytes:
        """Return the metrics in Prometheus' text format."""
        return exposition(
            Reading(
                service=type(self.service).service_name(),
                version=__version__,
                unready=self.unready(),
                is_connected=self.transport.is_alive,
                is_blocked=self.transport.is_blocked,
                unsettled=self.settler.unsettled,
                taken=[
                    self._taken(lane)
                    for lane in self.lanes
                    if not isinstance(lane.work, TopicWork)
                ],
            )
        )

    def _taken(self, lane: Lane) -> Taken:
        queue = lane.work.place.queue
        return Taken(
            queue, lane.in_work, lane.waiting, lane.durations, self.tally.of(queue)
        )

    def beat(self) -> dict[str, Any]:
        """Return the content of a heartbeat."""
        kind = type(self.service)
        share = round(self.load.share(), 3)
        status = self.status
        if status is Status.IDLE and self.load.count:
            status = Status.PROCESSING
        tag = self.service.context.settings.tag
        card = Card(self.instance, kind.service_name(), kind.__name__, __version__, tag)
        used: dict[int, float] = {
            Status.PROCESSING: share,
            Status.IDLE: round(1 - share, 3),
        }
        return beat(card, status, used, self._own_facts())

    def _own_facts(self) -> dict[str, Any]:
        return {
            "queues": [plan.source for plan in self.plans if not plan.is_topic],
            "concurrency": max((plan.workers for plan in self.plans), default=0),
            "prefetch": {plan.source: plan.prefetch for plan in self.plans},
            "policy": self.service.retry.to_json(),
            "in_flight": self.load.count,
            "handled": self.tally.total("handled"),
            "failed": self.tally.total("failed"),
            "dead": self.tally.total("dead"),
            "started_at": self.started_at,
            "draining": self.service.context.stopping.is_set(),
            "health": self.health_url,
            **self._service_status(),
        }

    def _service_status(self) -> dict[str, Any]:
        if not self.has_started:
            return {}
        try:
            return decode(encode(self.service.status()))  # type: ignore[no-any-return] # a dict
        except Exception as error:
            self.log.warning("status.failed", error=describe(error)[0])
            return {}
