"""Telling: runs hear of dead letters, and so do the error outputs of their recipes.

A letter that cannot be told is kept all the same: nothing that a recipe holds may keep the
dead letters from being indexed.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from recado.errors import RecadoError
from recado.events import (
    DEAD,
    FAILURE_TOLD,
    Event,
    counted_by_itself,
    outcome_id,
    run_stream,
)
from recado.ids import as_id, derived_id
from recado.message import Message
from recado.notices import Notice, Telling, tell
from recado.transport.sizes import MAX_BODY
from recado_deadletter.entry import Entry

TRIES: Final = 5
_REMEMBERED: Final = 1_000


class CrowdedError(RecadoError):
    """Raised when the notices of one batch are too large to be sent together."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(
            f"{size} bytes for error outputs; at most {MAX_BODY} go together"
        )


class Teller:
    """Finds who hears of letters; gives up on notices that the broker does not take.

    It hears of those only as the letter comes again, and alone: it counts how often, as far
    as it can remember.
    """

    def __init__(self) -> None:
        self._tries: OrderedDict[str, int] = OrderedDict()

    def tellings(
        self, entries: Sequence[Entry], ids: Sequence[str]
    ) -> Mapping[str, Telling]:
        """Return what is to be told of letters, by their ids.

        Raises:
            CrowdedError: if that is too much at once; one letter alone never is.
        """
        tellings: dict[str, Telling] = {}
        size = 0
        for entry, id_ in zip(entries, ids, strict=True):
            if entry.envelope is None:
                continue
            telling = tell(entry.envelope, as_id(entry.message), id_, entry)
            tellings[id_] = telling if len(entries) > 1 else self._tried(id_, telling)
            size += telling.size
            # Looked at on the way: all of them together may not fit into the memory.
            if size > MAX_BODY and len(entries) > 1:
                raise CrowdedError(size)
        return tellings

    def _tried(self, id_: str, telling: Telling) -> Telling:
        if not telling.notices:
            return telling
        tries = self._tries[id_] = self._tries.pop(id_, 0) + 1
        if len(self._tries) > _REMEMBERED:
            self._tries.popitem(last=False)
        if tries <= TRIES:
            return telling
        return Telling(
            troubles=(
                *telling.troubles,
                f"the broker did not take the error outputs, {TRIES} times",
            )
        )


def dead_event(message: Message, entry: Entry, letter: str) -> Event:
    """Return the event that a message of a run was given up."""
    children, sum_ = counted_by_itself(message)
    return Event(
        outcome_id(as_id(message.id), str(entry.retries)),
        run_stream(entry.run),
        DEAD,
        {
            "message": as_id(message.id),
            "letter": letter,
            "queue": entry.queue,
            "service": entry.service,
            "step": entry.step,
            "reason": entry.reason,
            "text": entry.text,
            "attempts": entry.attempts,
            "children": children,
            "checksum": format(sum_, "016x"),
        },
        entry.at,
    )


def told_events(
    entry: Entry, letter: str, notices: Sequence[Notice]
) -> Iterator[Event]:
    """Yield the event that error outputs were told, if any were.

    It is not a part of the message's end: of two instances, one may have handled a message
    that the other gave up, and the run is told of one end alone.
    """
    if not notices:
        return
    sum_ = 0
    for notice in notices:
        sum_ ^= notice.checksum
    yield Event(
        derived_id(as_id(entry.message), f"told/{entry.retries}"),
        run_stream(entry.run),
        FAILURE_TOLD,
        {
            "message": as_id(entry.message),
            "letter": letter,
            "steps": [notice.step for notice in notices],
            "children": sum(notice.children for notice in notices),
            "checksum": format(sum_, "016x"),
        },
        entry.at,
    )
