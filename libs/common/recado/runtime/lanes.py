"""Which lanes a service needs: one for each queue and topic that it takes from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from recado.errors import ConfigError
from recado.retry import RetryPolicy
from recado.runtime.answers import RequestWork
from recado.runtime.judge import Place
from recado.runtime.plain import BatchWork, PlainWork, TopicWork
from recado.runtime.steps import StepWork
from recado.runtime.work import Kit, Work
from recado.service import Binding, Role, Service
from recado.transport.base import Delivery


@dataclass(frozen=True, slots=True)
class Plan:
    """A lane to be: what it takes, from where, how many at once."""

    source: str
    role: Role
    bindings: tuple[Binding, ...]
    workers: int
    prefetch: int
    policy: RetryPolicy

    @property
    def is_topic(self) -> bool:
        """Whether the source is a topic."""
        return self.role == "topic"


def plans_for(service: type[Service]) -> list[Plan]:
    """Return the lanes that a service needs, in the order of its bindings.

    Raises:
        ConfigError: naming each queue that is taken from in two ways.
    """
    groups: dict[tuple[Role, str, str], list[Binding]] = {}
    for binding in service.bindings():
        # Requests of one queue are told apart by their type; nothing else is.
        method = "" if binding.role == "requests" else binding.method
        groups.setdefault((binding.role, binding.source, method), []).append(binding)
    if problems := _clashes(groups):
        name = service.service_name()
        raise ConfigError(f"service {name!r}: {'; '.join(problems)}")
    return [_plan(service, tuple(group)) for group in groups.values()]


def work_for(
    plan: Plan,
    service: Service,
    kit: Kit,
    place: Place,
    again: Callable[[Sequence[Delivery]], None],
) -> Work:
    """Return what a lane does with its deliveries."""
    method = getattr(service, plan.bindings[0].method)
    match plan.role:
        case "steps":
            return StepWork(kit, place, service)
        case "plain":
            return PlainWork(kit, place, method)
        case "batch":
            return BatchWork(kit, place, method, plan.bindings[0].size, again)
        case "requests":
            return RequestWork(kit, place, service, plan.bindings)
        case "topic":
            return TopicWork(kit, place, method)


def _plan(service: type[Service], group: tuple[Binding, ...]) -> Plan:
    first = group[0]
    workers, prefetch = _room(service, group)
    if first.role == "batch":
        # One batch at a time: what comes meanwhile is the next, and order is kept.
        workers, prefetch = 1, max(service.prefetch, 2 * first.size)
    policy = first.retry or service.retry
    return Plan(first.source, first.role, group, workers, prefetch, policy)


def _room(service: type[Service], group: Iterable[Binding]) -> tuple[int, int]:
    """Return how many are handled at the same time, and held at most."""
    own = [it.concurrency for it in group if it.concurrency is not None]
    workers = max(own, default=service.concurrency)
    usual = 1 if workers == 1 else 2 * workers
    return workers, usual if own else service.prefetch or usual


def _clashes(groups: Iterable[tuple[Role, str, str]]) -> list[str]:
    takers: dict[str, list[str]] = {}
    for role, source, method in groups:
        if role != "topic":
            takers.setdefault(source, []).append(method or "requests")
    return [
        f"queue {source!r} is taken from by {' and by '.join(names)}; "
        "messages would go to one or the other by chance"
        for source, names in takers.items()
        if len(names) > 1
    ]
