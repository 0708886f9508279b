"""Entries of a journal: which lines stand where, as a line of JSON tells it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """Lines of one message: its id, the number of the first, their lengths in bytes."""

    id: str
    first: int
    lengths: tuple[int, ...]

    @property
    def end(self) -> int:
        """How many of the message's lines there are up to here."""
        return self.first + len(self.lengths)


@dataclass(frozen=True, slots=True)
class Entry:
    """Parts of messages that stand one behind the other in a file, from a byte on."""

    name: str
    inode: int
    at: int
    parts: tuple[Part, ...]


def parts_of(entries: Iterable[Entry]) -> Iterable[Part]:
    """Return the parts of entries, one after the other."""
    return (part for entry in entries for part in entry.parts)


def counts_of(entries: Iterable[Entry]) -> Iterable[tuple[str, int]]:
    """Return the message of each part, and how many of its lines there are then."""
    return ((part.id, part.end) for part in parts_of(entries))


def encoded(entries: Sequence[Entry]) -> bytes:
    """Return the line of a journal that tells of entries."""
    return json.dumps([_to_json(entry) for entry in entries]).encode() + b"\n"


def _to_json(entry: Entry) -> dict[str, Any]:
    # A message of one line, as most are, is written in the shortest way.
    lines = [
        [part.id, *part.lengths]
        if (part.first, len(part.lengths)) == (0, 1)
        else [part.id, part.lengths, part.first]
        for part in entry.parts
    ]
    return {"name": entry.name, "inode": entry.inode, "at": entry.at, "lines": lines}


def decoded(line: bytes) -> list[Entry] | None:
    """Return the entries that a line of a journal tells of; None if it is no whole line."""
    try:
        found: list[dict[str, Any]] = json.loads(line)
        if not line.endswith(b"\n"):
            return None
        return [
            Entry(
                str(each["name"]),
                int(each["inode"]),
                int(each["at"]),
                tuple(_part(*fields) for fields in each["lines"]),
            )
            for each in found
        ]
    except (ValueError, TypeError, KeyError):
        return None


def _part(id_: str, lengths: int | list[int], first: int = 0) -> Part:
    if isinstance(lengths, int):
        return Part(str(id_), 0, (lengths,))
    return Part(str(id_), int(first), tuple(map(int, lengths)))
