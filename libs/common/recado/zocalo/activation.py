"""Activation: what holds when some environments are chosen, plug-in by plug-in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from recado.errors import Problem, SchemaError
from recado.zocalo.configuration import Configuration, resolved
from recado.zocalo.including import Block
from recado.zocalo.plugins import PLUGINS, STORAGE, Plugin


@dataclass(frozen=True, slots=True)
class Active:
    """A plug-in that holds, and the block that it is from."""

    block: str
    content: Plugin


@dataclass(frozen=True, slots=True)
class Stored:
    """A value of the storage, and the block that it is from."""

    block: str
    value: Any


@dataclass(frozen=True, slots=True)
class Activated:
    """What holds: one block of each plug-in, the last one, and the storage of all."""

    environments: tuple[str, ...]
    plugins: Mapping[str, Active]
    storage: Mapping[str, Stored]
    unknown: tuple[tuple[str, str], ...]
    """Blocks for plug-ins that nobody knows, and these plug-ins' names."""


def activated(configuration: Configuration, environments: Iterable[str]) -> Activated:
    """Return what holds when environments are activated, one after the other.

    Raises:
        SchemaError: with everything that is wrong in files that are read only now.
    """
    chosen = tuple(environments)
    plugins: dict[str, Active] = {}
    storage: dict[str, Stored] = {}
    unknown: list[tuple[str, str]] = []
    problems: list[Problem] = []
    for block in _blocks(configuration, chosen):
        try:
            content = resolved(block)
        except SchemaError as error:
            problems += [_within(error, problem) for problem in error.problems]
            continue
        name = str(content["plugin"])
        if name == STORAGE:
            storage |= {
                key: Stored(block.name, value)
                for key, value in content.items()
                if key != "plugin"
            }
        elif name in PLUGINS:
            model = PLUGINS[name].model_validate(content)
            plugins[name] = Active(block.name, model)
        else:
            unknown.append((block.name, name))
    if problems:
        raise SchemaError(str(configuration.path), problems)
    return Activated(chosen, plugins, storage, tuple(unknown))


def _blocks(configuration: Configuration, environments: Iterable[str]) -> list[Block]:
    return [
        configuration.blocks[name]
        for environment in environments
        for name in configuration.environments[environment]
    ]


def _within(error: SchemaError, problem: Problem) -> Problem:
    place = f"{error.what}: {problem.path}" if problem.path else error.what
    return Problem(place, problem.text)
