"""Differences between what two studies give the same participant."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recado_experiment.document.findings import dotted
from recado_experiment.errors import StudyError
from recado_experiment.study import Study

if TYPE_CHECKING:
    from recado.message import Json
    from recado_experiment.document.findings import Path


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that differs; ``old`` or ``new`` is ``ABSENT`` where there is none."""

    participant: int
    path: str
    old: Json
    new: Json


ABSENT = "(absent)"


def differences(
    old: Study, new: Study, participants: Iterable[int]
) -> Iterator[Difference]:
    """Yield where the blocks of participants differ, value by value."""
    for participant in participants:
        before, after = _blocks(old, participant), _blocks(new, participant)
        for path, one, other in _unequal(before, after, ()):
            yield Difference(participant, dotted(path), one, other)


def _blocks(study: Study, participant: int) -> Json:
    try:
        return list(study.expand(participant))
    except StudyError as error:
        return f"cannot be expanded: {error}"


def _unequal(one: Json, other: Json, path: Path) -> Iterator[tuple[Path, Json, Json]]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in {**one, **other}:
            yield from _unequal(
                one.get(key, ABSENT), other.get(key, ABSENT), (*path, key)
            )
    elif isinstance(one, list) and isinstance(other, list):
        for at in range(max(len(one), len(other))):
            here = one[at] if at < len(one) else ABSENT
            there = other[at] if at < len(other) else ABSENT
            yield from _unequal(here, there, (*path, at))
    # 1, 1.0 and true are equal to Python, and other JSON.
    elif type(one) is not type(other) or one != other:
        yield path, one, other
