"""Function calls in a block's config, and how calls form groups."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from recado_experiment.document.findings import Findings, Path, dotted
from recado_experiment.document.tables import Table, shown

if TYPE_CHECKING:
    from recado.message import Json
    from recado_experiment.calls.stream import Stream

Draw: TypeAlias = "Callable[[Stream], Json]"
Group: TypeAlias = tuple[str, Hashable]


@dataclass(frozen=True, slots=True)
class Call:
    """A call as a study writes it; calls with one ``group`` know of each other."""

    path: Path
    args: list[object] | Table
    params: object
    group: Group


@dataclass(frozen=True, slots=True)
class Prepared:
    """A call that is ready to be drawn from, again and again.

    ``makes`` is how many values a draw gives at most, as ``tables.size`` counts them. Where
    a group gives each item away once, ``takes`` is how many items one draw takes, and
    ``supply`` how many there are.
    """

    draw: Draw
    makes: int = 1
    takes: int = 0
    supply: int | None = None


Function: TypeAlias = Callable[[Call, Findings], Prepared | None]
"""Prepares a call once per study; reports what is wrong with it and returns None."""


def disagreement(first: Call, other: Call) -> str:
    """Return what keeps two calls from sharing a group, or nothing."""
    if first is other or (first.args == other.args and first.params == other.params):
        return ""
    what = "params" if first.args == other.args else "args"
    return (
        f"has the id {shown(first.group[1])} of {dotted(first.path)} and other {what}; give"
        " both the same, or another id to one of them"
    )
