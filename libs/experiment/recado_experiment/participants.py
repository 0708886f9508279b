"""Ranges of participants, as people write them: ``1-50,60``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from recado_experiment.errors import StudyError, StudyProblem

_PART = re.compile(r"\s*([0-9]{1,18})\s*(?:-\s*([0-9]{1,18})\s*)?")


@dataclass(frozen=True, slots=True)
class Ranges:
    """Participants in ascending order, each once; kept as ranges, whatever their number."""

    parts: tuple[range, ...]

    def __iter__(self) -> Iterator[int]:
        for part in self.parts:
            yield from part

    def __len__(self) -> int:
        return sum(map(len, self.parts))

    def __contains__(self, participant: object) -> bool:
        return any(participant in part for part in self.parts)

    def __str__(self) -> str:
        return ",".join(
            str(part[0]) if len(part) == 1 else f"{part[0]}-{part[-1]}"
            for part in self.parts
        )

    def chunks(self, size: int) -> Iterator[Ranges]:
        """Yield the same participants, at most ``size`` at a time.

        Raises:
            ValueError: for a size below 1.
        """
        if size < 1:
            raise ValueError(f"chunks of {size} participants: at least 1 is needed")
        held: list[range] = []
        room = size
        for part in self.parts:
            rest = part
            while rest:
                piece, rest = rest[:room], rest[room:]
                held.append(piece)
                room -= len(piece)
                if room == 0:
                    yield Ranges(tuple(held))
                    held, room = [], size
        if held:
            yield Ranges(tuple(held))


def parse_ranges(text: str) -> Ranges:
    """Return the participants that a text such as ``1-50,60`` names.

    Raises:
        StudyError: with every part that is not a participant or a range of them.
    """
    parts: list[range] = []
    problems: list[StudyProblem] = []
    for index, part in enumerate(text.split(",")):
        found = _parsed(part)
        if isinstance(found, range):
            parts.append(found)
        else:
            problems.append(StudyProblem(f"[{index}]", found))
    if problems:
        raise StudyError("participants", problems)
    return Ranges(tuple(_joined(parts)))


def _parsed(part: str) -> range | str:
    """Return the range that a part names, or what is wrong with it."""
    match = _PART.fullmatch(part)
    if match is None:
        return f"{part.strip()[:60]!r} is neither a number nor a range such as '1-50'"
    first, last = int(match[1]), int(match[2] or match[1])
    if first < 1:
        return f"{part.strip()!r} begins below 1; participants count from 1"
    if last < first:
        return f"{part.strip()!r} runs backwards; write '{max(last, 1)}-{first}'"
    return range(first, last + 1)


def _joined(parts: Iterable[range]) -> Iterator[range]:
    """Yield ascending ranges with a gap between any two."""
    held = range(0)
    for part in sorted(parts, key=lambda one: one.start):
        if held and part.start <= held.stop:
            held = range(held.start, max(held.stop, part.stop))
            continue
        if held:
            yield held
        held = part
    if held:
        yield held
