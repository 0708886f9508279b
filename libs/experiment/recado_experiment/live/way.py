"""The way to a file: the entries of folders that decide what its path means."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_LINKS: Final = 40
"""So many links in a row are no way to anywhere; the system gives up then as well."""


@dataclass(frozen=True, slots=True)
class Way:
    """Where a path leads now; it ends early, where something is missing."""

    end: Path
    """The last entry, links followed: the file itself, or the first one that is missing."""
    turns: frozenset[Path]
    """Entries that lead somewhere else once they change: links, and the end's folder."""

    @classmethod
    def to(cls, file: Path) -> Way:
        """Return the way to a file, as it is at this moment; the path is absolute."""
        entries = list(_entries(file))
        links = filter(os.path.islink, entries[:-1])
        return cls(entries[-1], frozenset({*links, *entries[-2:-1]}))

    @property
    def entries(self) -> frozenset[str]:
        """Everything that a change of may be a change of the file."""
        return frozenset(map(str, (self.end, *self.turns)))

    @property
    def folders(self) -> set[Path]:
        """The folders that tell of changes of the entries, as far as they can be read."""
        readable = (turn.parent for turn in self.turns)
        return {self.end.parent, *(it for it in readable if os.access(it, os.R_OK))}


def _entries(file: Path) -> Iterator[Path]:
    """Yield each entry that a path leads over, links followed, up to one that is missing."""
    here, left, links = Path(file.anchor), [*reversed(file.parts[1:])], 0
    while left:
        part = left.pop()
        if part == os.pardir:
            here = here.parent
            continue
        yield (entry := here / part)
        try:
            target = Path(os.readlink(entry))
        except OSError:  # no link
            if not os.path.lexists(entry):
                return
            here = entry
            continue
        if (links := links + 1) > _LINKS:
            return
        here = here / target.anchor
        left += reversed(target.parts[1:] if target.anchor else target.parts)
