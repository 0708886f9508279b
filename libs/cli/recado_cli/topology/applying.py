"""Carrying out a plan: what can be done at once is; what was refused is told."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from recado.errors import ManagementError
from recado.management import Management
from recado_cli.topology.deleting import Deleter
from recado_cli.topology.planning import Action, Plan, Step


@dataclass(frozen=True, slots=True)
class Consent:
    """What somebody agreed to have deleted."""

    superfluous: bool = False
    """What nobody wants, if it is empty and nobody uses it."""
    nonempty: bool = False
    """Queues that hold messages or are consumed as well."""


@dataclass(slots=True)
class Outcome:
    """What became of a plan."""

    done: list[Step] = field(default_factory=list[Step])
    refused: list[tuple[Step, str]] = field(default_factory=list[tuple[Step, str]])
    left: list[Step] = field(default_factory=list[Step])
    """Not tried: without consent, impossible, or since something before was refused."""


async def carry_out(
    plan: Plan, management: Management, deleter: Deleter, consent: Consent
) -> Outcome:
    """Do what a plan says, kind by kind; after a refusal the next kinds are left.

    Raises:
        DisconnectedError: if the server goes away; what was done stays.
    """
    outcome = Outcome()
    for steps in _together(plan.steps):
        if outcome.refused or not _is_agreed(steps[0], consent):
            outcome.left += steps
            continue
        reasons = await asyncio.gather(
            *(_reason_against(step, management, deleter) for step in steps)
        )
        for step, reason in zip(steps, reasons, strict=True):
            if reason is None:
                outcome.done.append(step)
            else:
                outcome.refused.append((step, reason))
    return outcome


def _together(steps: Iterable[Step]) -> Iterator[Sequence[Step]]:
    """Yield the steps that can be done at the same time."""
    for _, group in groupby(steps, lambda step: (step.action, step.thing.kind)):
        yield list(group)


def _is_agreed(step: Step, consent: Consent) -> bool:
    if step.action is Action.DELETE:
        return consent.superfluous
    return step.action is not Action.REPLACE


async def _reason_against(
    step: Step, management: Management, deleter: Deleter
) -> str | None:
    """Do a step; return why it was refused, if it was."""
    try:
        if step.action is Action.DELETE:
            await deleter.delete(step.thing)
        else:
            await management.put(step.thing)
    except ManagementError as error:
        return error.text
    return None
