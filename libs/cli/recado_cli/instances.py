"""Which instances ``recado up`` starts: services by name, and how many of each."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Final

import click

from recado_cli.child import Instance

MOST: Final = 256
"""Instances of one service that one supervisor may start."""


def scales(texts: Sequence[str]) -> dict[str, int]:
    """Return how many instances each service is to have, of texts such as ``expander=4``.

    Raises:
        UsageError: for the first one that says nothing of the kind.
    """
    found: dict[str, int] = {}
    for text in texts:
        name, mark, number = text.partition("=")
        if not name or not mark or not number.isdecimal() or int(number) > MOST:
            raise click.UsageError(
                f"--scale takes NAME=N, with N from 0 to {MOST}, not {text!r}"
            )
        found[name] = int(number)
    return found


def chosen(
    known: Sequence[str], only: str | None, wanted: Mapping[str, int]
) -> dict[str, int]:
    """Return how many instances of each service are to run, those with none left out.

    Raises:
        UsageError: for a service that is not installed, or if nothing is left.
    """
    from recado.discovery import full_name
    from recado.errors import NotFoundError

    try:
        names = (
            [full_name(name.strip(), known) for name in (only or "").split(",")]
            if only
            else list(known)
        )
        counts = {full_name(name, known): number for name, number in wanted.items()}
    except NotFoundError as error:
        raise click.UsageError(str(error)) from error
    if left_out := counts.keys() - set(names):
        name = min(left_out)
        raise click.UsageError(f"--scale names {name!r}, which --only leaves out")
    found = {name: counts.get(name, 1) for name in dict.fromkeys(names)}
    found = {name: number for name, number in found.items() if number}
    if not found:
        raise click.UsageError("nothing to start: every service is left out")
    return found


def instances_of(
    counts: Mapping[str, int], health_port: int | None
) -> list[Callable[[int], Instance]]:
    """Return what makes each instance, once the pipe that it watches is known.

    The first one has the given health port, each further one the next; 0, which stands
    for any that is free, and none are the same for all.
    """
    labels = [
        (name, name if number == 1 else f"{name}.{index}")
        for name, number in counts.items()
        for index in range(1, number + 1)
    ]
    return [
        partial(_instance, *each, health_port + place if health_port else None)
        for place, each in enumerate(labels)
    ]


def _instance(service: str, label: str, port: int | None, pipe: int) -> Instance:
    # -P: what lies in the working folder is not to be imported by accident.
    command = [sys.executable, "-P", "-m", "recado_cli", "service", service]
    own = ["--health-port", str(port)] if port is not None else []
    return Instance(service, label, [*command, *own, "--parent-fd", str(pipe)])
