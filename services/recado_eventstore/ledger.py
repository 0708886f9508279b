"""Which events are new, and where they go: positions without holes, versions from 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from recado.errors import ConflictError
from recado.message import encode
from recado.schemas.events import Expected
from recado_eventstore.facts import Fact, Told
from recado_eventstore.store import Append, Place

EventRow: TypeAlias = tuple[int, bytes, int, int, str, float, str]
"""A new event: position, key, stream's id, version, type, time and data as JSON."""


@dataclass(slots=True)
class StreamRow:
    """A stream as it stands in the database, and moves within the transaction."""

    id: int
    version: int


class Ledger:
    """The places that events get within one transaction; decides, and writes nothing."""

    def __init__(
        self,
        head: int,
        last_stream: int,
        known: Mapping[bytes, Place],
        streams: Mapping[str, StreamRow],
    ) -> None:
        self.head = head
        """The last position so far."""
        self.rows: list[EventRow] = []
        """The new events."""
        self.changed: dict[str, StreamRow] = {}
        """The streams that they go to, as they are afterwards."""
        self.facts: dict[str, list[Fact]] = {}
        """What the new events say of runs."""
        self.admitted: Counter[str] = Counter()
        """How many runs of each submitter were admitted in this transaction."""
        self._last_stream = last_stream
        self._known = dict(known)
        self._streams = dict(streams)

    def knows(self, append: Append) -> bool:
        """Whether all events of an append are known already: it was done before."""
        return all(key in self._known for key in append.keys)

    def admit(self, append: Append) -> list[Place]:
        """Return the place of each event; those known keep theirs.

        Raises:
            ConflictError: if a stream is not at what was expected; then none is admitted.
                An append whose events are all known was done before, so it is not checked.
        """
        known = self._known
        if append.expect and not self.knows(append):
            self._check(append.expect)
        places: list[Place] = []
        for index, key in enumerate(append.keys):
            if (place := known.get(key)) is None:
                known[key] = old = self._admit(key, append.events[index])
                place = Place(old.stream, old.version, old.position, is_new=True)
                if fact := append.facts.get(index):
                    self.facts.setdefault(fact.run, []).append(fact)
            places.append(place)
        return places

    def _admit(self, key: bytes, told: Told) -> Place:
        name = told.stream
        stream = self._streams.get(name) or self._new_stream(name)
        stream.version = version = stream.version + 1
        self.head = position = self.head + 1
        self.changed[name] = stream
        data = encode(told.data).decode()
        self.rows.append((position, key, stream.id, version, told.type, told.at, data))
        return Place(name, version, position)

    def _new_stream(self, name: str) -> StreamRow:
        self._last_stream += 1
        stream = self._streams[name] = StreamRow(self._last_stream, 0)
        return stream

    def _check(self, expect: Mapping[str, Expected]) -> None:
        for name, expected in expect.items():
            stream = self._streams.get(name)
            actual = stream.version if stream else 0
            if not _holds(expected, actual):
                raise ConflictError(name, expected, actual)


def _holds(expected: Expected, actual: int) -> bool:
    if expected == "any":
        return True
    if expected == "stream_exists":
        return actual > 0
    return actual == (0 if expected == "no_stream" else expected)
