"""Claims: which messages a consumer gets, within a transaction.

A message that was in work when a process died is suspected of killing it. Suspects are
given only to a consumer that holds nothing else, so that nobody else's message dies with
them. If there were many at a crash, some travel together, in a much smaller company at each
further crash, until the one that kills is alone.

A consumer that holds something while a suspect is next reserves it, and takes no more until
it holds nothing. For so long the others pass the suspect by; after that the next of them
does the same. So nobody stands still for a suspect but the one that is going to take it,
and no suspect waits for ever.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any, Final, NamedTuple

from pydantic_core import from_json, to_json

from recado.letter import Letter
from recado.transport.base import DEAD_LETTERS
from recado.transport.embedded.store import Store, ids_text

RESERVED_S: Final = 30.0
"""How long a suspect waits for one consumer, before the next prepares for it too."""
_PROMOTED: Final = 1_000
"""How many delayed messages become ready in one transaction: a bound to its length."""

CANDIDATES: Final = f"""
SELECT json_group_array(json_array(
    id, attempt, company, priority, expires, json(headers),
    CASE typeof(body) WHEN 'blob' THEN hex(body) ELSE body END, typeof(body) = 'blob'))
FROM (
    SELECT * FROM message INDEXED BY message_ready
    WHERE queue = :queue AND state = 0 AND (
        company = 0 OR NOT :holding
        OR due <= :now OR due > :now + {RESERVED_S})
    ORDER BY priority DESC, id LIMIT :wanted)
"""
DUE: Final = """
SELECT due FROM message INDEXED BY message_due
WHERE queue = ? AND state = 1 ORDER BY due LIMIT 1
"""
PROMOTE: Final = f"""
UPDATE message SET state = 0 WHERE id IN (
    SELECT id FROM message INDEXED BY message_due
    WHERE queue = ? AND state = 1 AND due <= ? ORDER BY due LIMIT {_PROMOTED})
"""


class Row(NamedTuple):
    """A claimed message."""

    id: int
    attempt: int
    priority: int
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Claimed:
    """What a claim got: rows, whether there may be more, and when the next is due."""

    rows: list[Row]
    more: bool
    next_due: float | None = None
    alone: bool = False
    """The rows are suspected of killing processes: nothing else may be held beside them."""
    blocked: bool = False
    """A suspect is next; it is to be claimed when nothing is held any more."""
    is_lost: bool = False
    """The worker is not registered any more: its lease had ended."""


class Choice(NamedTuple):
    """Which candidates to take; ``alone``, or before those which are ``reserved``."""

    taken: list[Any]
    alone: bool = False
    reserved: Sequence[Any] = ()


@dataclass(frozen=True, slots=True)
class Claim:
    """Who claims, from which queue.

    ``fleeting`` takes messages out for good: for temporary queues, which die with their
    worker.
    """

    queue: int
    worker: int
    fleeting: bool = False

    def take(self, store: Store, wanted: int, *, holding: bool) -> Claimed:
        """Take messages in order, up to ``wanted``."""
        if not store.has_worker(self.worker):
            return Claimed([], more=True, is_lost=True)
        next_due = promote(store, self.queue)
        wanted, found = _candidates(store, self.queue, wanted, holding=holding)
        choice = choose(found, store.ceiling, holding=holding)
        kept = self._sorted(store, choice.taken)
        self._hold(store, [row.id for row in kept])
        if choice.reserved:
            _reserve(store, [row[0] for row in choice.reserved])
        blocked = bool(choice.reserved)
        more = not blocked and (len(found) == wanted or choice.alone)
        return Claimed(kept, more, next_due, choice.alone and bool(kept), blocked)

    def _hold(self, store: Store, rows: Sequence[int]) -> None:
        if self.fleeting:
            store.delete(rows)
        elif rows:
            store.database.execute(
                "UPDATE message SET state = 2, worker = ?, attempt = attempt + 1"
                " WHERE id IN (SELECT value FROM json_each(?))",
                (self.worker, ids_text(rows)),
            )

    def _sorted(self, store: Store, found: list[Any]) -> list[Row]:
        """Return what is to be delivered; end what has expired, or had its attempts."""
        now = store.clock()
        kept: list[Row] = []
        expired: list[int] = []
        for id_, attempt, _, priority, expires, headers, body, is_blob in found:
            if expires is not None and expires <= now:
                expired.append(id_)
                continue
            content = bytes.fromhex(body) if is_blob else body.encode()
            row = Row(id_, attempt + 1, priority, headers, content)
            if row.attempt > store.ceiling and not self.fleeting:
                _condemn(store, self.queue, row)
            else:
                kept.append(row)
        store.delete(expired)
        return kept


def promote(store: Store, queue: int) -> float | None:
    """Make ready what has come due; return when the next one will."""
    now = store.clock()
    due = _next_due(store, queue)
    if due is None or due > now:
        return due
    store.database.execute(PROMOTE, (queue, now))
    return _next_due(store, queue)


def _next_due(store: Store, queue: int) -> float | None:
    row = store.database.execute(DUE, (queue,)).fetchone()
    return None if row is None else row[0]


def _candidates(
    store: Store, queue: int, wanted: int, *, holding: bool
) -> tuple[int, list[Any]]:
    """Return candidates, and how many were asked for: fewer if they are very large."""
    values = {"queue": queue, "holding": holding, "now": store.clock()}
    while True:
        try:
            row = store.database.execute(CANDIDATES, {**values, "wanted": wanted})
            return wanted, from_json(row.fetchone()[0])
        except sqlite3.DataError:  # longer, all in one text, than SQLite's limit
            if wanted == 1:
                raise
            wanted = max(1, wanted // 8)


def choose(found: list[Any], ceiling: int, *, holding: bool) -> Choice:
    """Decide which candidates to take: suspects in their company, or what is before them."""
    first = next((i for i, row in enumerate(found) if _is_suspect(row, ceiling)), None)
    if first is None:
        return Choice(found)
    suspects = list(takewhile(lambda row: _is_suspect(row, ceiling), found[first:]))
    company = _together(suspects)
    if first or holding:
        return Choice(found[:first], reserved=company)
    return Choice(company, alone=True)


def _is_suspect(row: Any, ceiling: int) -> bool:
    _, attempt, company, *_ = row
    return bool(company and attempt < ceiling)


def _together(suspects: list[Any]) -> list[Any]:
    """Return the first suspects, so many as each of them may be in company with."""
    limit = len(suspects)
    for count, (_, _, company, *_) in enumerate(suspects):
        limit = min(limit, company)
        if limit <= count:
            return suspects[:count]
    return suspects


def _reserve(store: Store, rows: Sequence[int]) -> None:
    store.database.execute(
        "UPDATE message SET due = ? WHERE id IN (SELECT value FROM json_each(?))",
        (store.clock() + RESERVED_S, ids_text(rows)),
    )


def _condemn(store: Store, queue: int, row: Row) -> None:
    name, crashes = store.database.execute(
        "SELECT name, crashes FROM queue, message WHERE queue.id = ? AND message.id = ?",
        (queue, row.id),
    ).fetchone()
    if name == DEAD_LETTERS:  # a dead letter dies no second death
        store.database.execute("UPDATE message SET attempt = 0 WHERE id = ?", (row.id,))
        return
    letter = Letter(
        reason="ceiling",
        text=f"delivered {row.attempt - 1} times, {crashes} of them ended by the"
        " death of the process, without a verdict of the service",
        queue=name,
        attempts=row.attempt - 1,
        at=store.clock(),
        run=row.headers.get("recado-run", ""),
    )
    store.bury([(row.id, to_json({**row.headers, **letter.header()}).decode())])
