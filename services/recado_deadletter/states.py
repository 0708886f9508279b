"""The states of the letters, and how many there are in each.

Counting a million rows takes a second, so the counts are kept, in the transaction that
changes them: only the two functions here set a letter's state.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from recado.schemas.letters import State

Group: TypeAlias = tuple[str, str, str]
"""A queue, a reason and a service."""

_ADD: Final = (
    "INSERT INTO counts VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT DO UPDATE SET letters = letters + excluded.letters"
)


def count_in(connection: sqlite3.Connection, state: State, group: Group) -> None:
    """Count a letter that is new."""
    connection.execute(_ADD, (state, *group, 1))


def move(
    connection: sqlite3.Connection,
    condition: str,
    values: Sequence[object],
    *,
    state: State,
    job: str | None,
) -> None:
    """Give the letters that a condition selects a state, and a job or none."""
    groups = connection.execute(
        "SELECT state, queue, reason, service, count(*) FROM letters "
        f"WHERE {condition} GROUP BY 1, 2, 3, 4",
        values,
    ).fetchall()
    connection.executemany(_ADD, _changes(groups, state))
    connection.execute(
        f"UPDATE letters SET state = ?, job = ? WHERE {condition}",
        (state, job, *values),
    )


def _changes(
    groups: Iterable[tuple[str, str, str, str, int]], state: State
) -> Iterable[tuple[str, str, str, str, int]]:
    for old, queue, reason, service, letters in groups:
        yield old, queue, reason, service, -letters
        yield state, queue, reason, service, letters
