"""What ``recado recipe show`` prints of a recipe."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import click

from recado.recipe import Parameter, Recipe, RecipeStep, declared_parameters
from recado_cli.output import print_facts, print_table

Column = tuple[str, Callable[[RecipeStep], object]]


def print_recipe(name: str, recipe: Recipe) -> None:
    """Print a recipe: what it says of itself, its parameters, its steps."""
    about = [("version", recipe.version), ("description", recipe.description)]
    if any(text for _, text in about):
        print_facts([("recipe", name), *((key, text) for key, text in about if text)])
        click.echo()
    if parameters := declared_parameters(recipe):
        _print_parameters(parameters)
        click.echo()
    _print_steps(recipe)


def _print_parameters(parameters: Sequence[Parameter]) -> None:
    print_table(
        ["parameter", "is", "default", "required", "description"],
        [
            [
                each.name,
                each.kind,
                json.dumps(each.default) if each.has_default else None,
                "yes" if each.is_required else None,
                each.description,
            ]
            for each in parameters
        ],
    )


def _print_steps(recipe: Recipe) -> None:
    steps = list(recipe.steps.values())
    starts = {number for number, _ in recipe.start}
    # What no step says is no column: most recipes say little.
    some = [each for each in _SOME if any(each[1](step) is not None for step in steps)]
    print_table(
        ["step", "to", "service", "sends to", *(head for head, _ in some)],
        [
            [
                f"{step.id}{' (start)' if step.id in starts else ''}",
                step.queue or (f"topic {step.topic}" if step.topic else None),
                step.service,
                _outputs(step.outputs),
                *(show(step) for _, show in some),
            ]
            for step in steps
        ],
    )


def _outputs(outputs: Mapping[str | None, Sequence[int]]) -> str:
    return "; ".join(
        f"{f'{channel}: ' if channel else ''}{', '.join(map(str, steps))}"
        for channel, steps in outputs.items()
        if steps
    )


def _said(key: str) -> Callable[[RecipeStep], str | None]:
    """Return what shows a key as the recipe has it: it may be a template still."""

    def said(step: RecipeStep) -> str | None:
        value = step.raw.get(key)
        if isinstance(value, dict):
            return ", ".join(f"{name} {item}" for name, item in value.items())
        return value if isinstance(value, str | None) else json.dumps(value)

    return said


_SOME: Final[Sequence[Column]] = (
    ("failures to", lambda step: ", ".join(map(str, step.error)) or None),
    ("delay s", _said("transport-delay")),
    ("retry", _said("retry")),
    ("timeout s", _said("timeout_s")),
    ("priority", _said("priority")),
    ("reports", _said("reports")),
)
