"""Terms: how a step is done, by its recipe or else by its service."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeVar

from recado.errors import RecipeError
from recado.recipe import RecipeStep
from recado.retry import RetryPolicy

T = TypeVar("T")

_OWN: Final = frozenset({"retry", "timeout_s"})


@dataclass(frozen=True, slots=True)
class Terms:
    """How often a step's message is tried, and how long each attempt may take."""

    policy: RetryPolicy
    timeout_s: float | None = None
    """None: as long as the service allows."""
    remarks: tuple[str, ...] = ()
    """What the recipe says and cannot be used."""


def has_terms(step: Mapping[str, Any]) -> bool:
    """Whether a step says anything of how it is done."""
    return not _OWN.isdisjoint(step)


def terms_of(
    number: int, step: dict[str, Any], service: RetryPolicy, ceiling: int
) -> Terms:
    """Return a step's terms; what it does not say is the service's.

    Nobody need have checked the recipe: another program's may mean something else by the
    same keys, so what cannot be used there is a remark, and not an error. No message is
    tried more often than the ceiling, beyond which the transport gives it up.
    """
    if not has_terms(step):
        return Terms(service)
    remarks: list[str] = []
    read = RecipeStep(number, step)

    def usable(said: Callable[[], T], otherwise: T) -> T:
        try:
            return said()
        except RecipeError as error:
            remarks.append(f"{error}; the service's own is used")
            return otherwise

    unchanged: dict[str, Any] = {}
    changes = usable(lambda: read.retry, unchanged)
    timeout_s = usable(lambda: read.timeout_s, None)
    policy = replace(service, **changes)
    if policy.attempts > ceiling and changes:
        policy = replace(policy, attempts=ceiling)
    return Terms(policy, timeout_s, tuple(remarks))
