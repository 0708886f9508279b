"""The index of dead letters: each one once, with its exact bytes and headers."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from recado.errors import NotFoundError, SchemaError, nearest
from recado.letter import SHORT, cleaned, letter_id
from recado.message import decode, encode
from recado.schemas.letters import (
    LetterDetail,
    LetterFilter,
    LetterLine,
    LetterPage,
    ListRequest,
)
from recado_deadletter.database import Database
from recado_deadletter.entry import Entry
from recado_deadletter.states import count_in

_LENGTHS: Final = (SHORT, 16, 20, 24, 32)
_LINE: Final = (
    "seq, id, message, state, reason, text, queue, service, run, at, "
    "retries, step, attempts"
)


class LetterIndex:
    """Dead letters by their ids, by filters, and by the message that was given up."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entries: Sequence[Entry]) -> list[str]:
        """Index letters in one transaction; return their ids, old ones for known letters."""
        with self._database.transaction() as connection:
            return [_add(connection, entry) for entry in entries]

    def page(self, request: ListRequest) -> LetterPage:
        """Return a page of letters, the newest first, and counts over all pages."""
        connection = self._database.connection()
        condition, values = condition_of(request.where)
        rows = connection.execute(
            f"SELECT {_LINE} FROM letters WHERE {condition} AND seq < ? "
            "ORDER BY seq DESC LIMIT ?",
            (*values, request.before or 2**63 - 1, request.limit + 1),
        ).fetchall()
        shown = rows[: request.limit]
        counts = _counts(connection, request.where)
        return LetterPage(
            letters=[LetterLine.model_validate(_line(row)) for row in shown],
            total=sum(count for _, _, count in counts),
            queues=_sums((queue, count) for queue, _, count in counts),
            reasons=_sums((reason, count) for _, reason, count in counts),
            next=shown[-1][0] if len(rows) > len(shown) else None,
        )

    def show(self, id_: str) -> LetterDetail:
        """Return everything about a letter; the beginning of its id will do.

        Raises:
            NotFoundError: if no letter's id begins so, or more than one does.
        """
        full = self.resolve(id_)
        *row, details, headers, body = (
            self._database.connection()
            .execute(
                f"SELECT {_LINE}, details, headers, body "
                "FROM letters JOIN contents USING (seq) WHERE id = ?",
                (full,),
            )
            .fetchone()
        )
        is_json, content = _content(body)
        line = _line(row)
        return LetterDetail.model_validate(
            json.loads(details)
            | line
            | {
                "previous": self._neighbour(line, "retries < ?", "DESC"),
                "following": self._neighbour(line, "retries > ?", "ASC"),
                "headers": {
                    cleaned(name): cleaned(value)
                    for name, value in json.loads(headers).items()
                },
                "body": base64.b64encode(body).decode(),
                "is_json": is_json,
                "content": content,
            }
        )

    def resolve(self, id_: str) -> str:
        """Return the one letter id that begins so.

        Raises:
            NotFoundError: if there is none, or more than one.
        """
        connection = self._database.connection()
        start = id_.lower()
        # 'g' is the first letter behind the hex digits.
        found = [
            id_
            for (id_,) in connection.execute(
                "SELECT id FROM letters WHERE id >= ? AND id < ? ORDER BY id LIMIT 11",
                (start, start + "g"),
            )
        ]
        if start in found:
            return start
        if not found:
            latest = connection.execute(
                "SELECT id FROM letters ORDER BY seq DESC LIMIT 200"
            )
            raise NotFoundError(
                f"no letter {id_!r}{nearest(start, (id_ for (id_,) in latest))}"
            )
        if len(found) > 1:
            more = ", …" if len(found) > 10 else ""
            raise NotFoundError(
                f"{id_!r} begins the ids of several letters: "
                f"{', '.join(found[:10])}{more}; give more of it"
            )
        return str(found[0])

    def _neighbour(self, line: dict[str, Any], condition: str, order: str) -> str:
        found = (
            self._database.connection()
            .execute(
                f"SELECT id FROM letters WHERE message = ? AND {condition} "
                f"ORDER BY retries {order} LIMIT 1",
                (line["message"], line["retries"]),
            )
            .fetchone()
        )
        return str(found[0]) if found else ""


def condition_of(where: LetterFilter) -> tuple[str, list[object]]:
    """Return a filter as an SQL condition and its values."""
    exact = {
        "state": where.state,
        "queue": where.queue,
        "reason": where.reason,
        "run": where.run,
        "service": where.service,
    }
    parts = [f"{column} = ?" for column, value in exact.items() if value is not None]
    values: list[object] = [value for value in exact.values() if value is not None]
    if where.run:
        parts.append("run != ''")  # lets SQLite take the partial index
    if where.text:
        parts.append("text LIKE ? ESCAPE '\\'")
        values.append(f"%{_escaped(where.text)}%")
    if where.since is not None:
        parts.append("at >= ?")
        values.append(where.since)
    return " AND ".join(parts) or "1", values


def _add(connection: sqlite3.Connection, entry: Entry) -> str:
    known = connection.execute(
        "SELECT id FROM letters WHERE message = ? AND retries = ?",
        (entry.message, entry.retries),
    ).fetchone()
    if known:
        return str(known[0])
    id_ = _free_id(connection, entry)
    row = connection.execute(
        "INSERT INTO letters (id, message, retries, state, queue, reason, service, run, "
        "text, at, step, attempts) VALUES (?, ?, ?, 'dead', ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            id_,
            entry.message,
            entry.retries,
            entry.queue,
            entry.reason,
            entry.service,
            entry.run,
            entry.text,
            entry.at,
            # As texts: whoever wrote them, they need not fit into 64 bits.
            None if entry.step is None else str(entry.step),
            str(entry.attempts),
        ),
    )
    count_in(connection, "dead", (entry.queue, entry.reason, entry.service))
    connection.execute(
        "INSERT INTO contents VALUES (?, ?, ?, ?)",
        (
            row.lastrowid,
            _details(entry),
            json.dumps(dict(entry.headers)),  # ASCII: takes any string there is
            entry.body,
        ),
    )
    return id_


def _free_id(connection: sqlite3.Connection, entry: Entry) -> str:
    candidates = [letter_id(entry.message, entry.retries, n) for n in _LENGTHS]
    for candidate in candidates[:-1]:
        taken = "SELECT 1 FROM letters WHERE id = ?"
        if not connection.execute(taken, (candidate,)).fetchone():
            return candidate
    return candidates[-1]


def _details(entry: Entry) -> str:
    return encode(
        {
            "instance": entry.instance,
            "exception": entry.exception,
            "traceback": entry.traceback,
            "problems": entry.problems,
            "history": entry.history,
        }
    ).decode()


def _line(row: Sequence[Any]) -> dict[str, Any]:
    _, id_, message, state, reason, text, queue, service, run, at, *numbers = row
    retries, step, attempts = numbers
    return {
        "id": id_,
        "message": message,
        "state": state,
        "reason": reason,
        "text": text,
        "queue": queue,
        "service": service,
        "run": run,
        "step": step,
        "attempts": attempts,
        "retries": retries,
        "at": at,
    }


def _counts(
    connection: sqlite3.Connection, where: LetterFilter
) -> list[tuple[str, str, int]]:
    condition, values = condition_of(where)
    source, count = "counts", "sum(letters)"
    if where.run is not None or where.text or where.since is not None:
        source, count = "letters", "count(*)"
    return connection.execute(
        f"SELECT queue, reason, {count} AS found FROM {source} WHERE {condition} "
        "GROUP BY 1, 2 HAVING found > 0",
        values,
    ).fetchall()


def _sums(counts: Any) -> dict[str, int]:
    sums: dict[str, int] = {}
    for name, count in counts:
        sums[name] = sums.get(name, 0) + count
    return sums


def _content(body: bytes) -> tuple[bool, Any]:
    try:
        return True, decode(body)
    except SchemaError:
        return False, None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
