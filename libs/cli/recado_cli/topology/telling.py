"""How a plan, and what became of it, is told to people and to programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from recado.management import Queue
from recado.management.objects import Thing
from recado_cli.output import clean, count, print_table, talk
from recado_cli.topology.applying import Outcome
from recado_cli.topology.planning import Action, Difference, Plan, Step, facts

_SECRET: Final = "password_hash"
_DONE: Final = {
    Action.CREATE: "created",
    Action.UPDATE: "updated",
    Action.DELETE: "deleted",
}
_WAY: Final = "cannot be changed: drain it, delete it, and apply again"


def print_plan(plan: Plan) -> None:
    """Print each step on a line, in the order in which they can be done."""
    if not plan.steps:
        talk("everything is as it is wanted")
        return
    print_table(
        ["do", "kind", "vhost", "name", "what"],
        [
            [
                step.action.value,
                step.thing.kind,
                _vhost(step.thing),
                step.thing.title,
                _what(step),
            ]
            for step in plan.steps
        ],
    )


def told(step: Step) -> dict[str, Any]:
    """Return a step as it is told to programs."""
    return {
        "do": step.action.value,
        "kind": step.thing.kind,
        "vhost": _vhost(step.thing),
        "name": step.thing.title,
        "differences": [
            {"what": what, "there": there, "wanted": wanted}
            for what, there, wanted in map(_shown, step.differences)
        ],
        "messages": step.messages,
    }


def told_outcome(outcome: Outcome) -> dict[str, Any]:
    """Return what became of a plan as it is told to programs."""
    return {
        "done": [told(step) for step in outcome.done],
        "refused": [
            {**told(step), "reason": reason} for step, reason in outcome.refused
        ],
        "left": [told(step) for step in outcome.left],
    }


def talk_of(outcome: Outcome) -> None:
    """Say what became of a plan: what was done, and all that was not, with the reason."""
    talk(_counts(outcome.done) or "nothing was changed")
    for step, reason in outcome.refused:
        talk(f"{step.action.value} {_full_name(step.thing)}: refused: {clean(reason)}")
    for action, why in (
        (Action.REPLACE, _WAY),
        (Action.DELETE, "superfluous; --delete deletes what is empty and unused"),
    ):
        for step in outcome.left:
            if step.action is action and not outcome.refused:
                talk(f"{_full_name(step.thing)}: {why}")
    if outcome.refused and outcome.left:
        talk(f"{count(len(outcome.left), 'step')} more not tried")


def _full_name(thing: Thing) -> str:
    vhost = _vhost(thing)
    where = f" in {vhost!r}" if vhost else ""
    return clean(f"{thing.kind} {thing.title!r}{where}")


def _vhost(thing: Thing) -> str:
    return str(getattr(thing, "vhost", ""))


def _what(step: Step) -> str:
    held = f"holds {count(step.messages, 'message')}" if step.messages else ""
    match step.action:
        case Action.CREATE:
            return _facts(step.thing)
        case Action.DELETE:
            return f"superfluous; {held}" if held else "superfluous"
        case Action.UPDATE:
            return _differences(step.differences)
        case Action.REPLACE:
            parts = [_differences(step.differences), held, _WAY]
            return "; ".join(part for part in parts if part)


def _facts(thing: Thing) -> str:
    found = facts(thing)
    found.pop(_SECRET, None)
    if isinstance(thing, Queue):
        if not thing.vhost:
            return ""  # only RabbitMQ's queues have any
        found = {"type": thing.type, **found}
        found.pop("x-queue-type", None)
    # What is empty, 0 or false is what RabbitMQ would have by itself.
    return ", ".join(f"{name} {value}" for name, value in found.items() if value)


def _differences(differences: Iterable[Difference]) -> str:
    return ", ".join(
        f"{what} {_text(there)} → {_text(wanted)}"
        for what, there, wanted in map(_shown, differences)
    )


def _shown(difference: Difference) -> tuple[str, object, object]:
    if difference.what == _SECRET:
        return "password", "***", "another"
    return difference.what, difference.there, difference.wanted


def _text(value: object) -> str:
    return "none" if value is None else repr(value)


def _counts(steps: Sequence[Step]) -> str:
    numbers = {action: sum(step.action is action for step in steps) for action in _DONE}
    return ", ".join(
        f"{_DONE[action]} {number}" for action, number in numbers.items() if number
    )
