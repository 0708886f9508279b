"""The view of the runs in SQLite: written with the events, in the same transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from recado.events import Event
from recado.message import decode, encode
from recado_eventstore.facts import Fact, Pending, Start
from recado_eventstore.quota import ADMITTED_S, OverLimitError, Quota
from recado_eventstore.runs import Account, tally

ACCOUNT: Final = (
    "number, run, state, sent, handled, failed, dead, checksum, finishes, started_at, "
    "last_at, start, user, pending"
)
_LOAD: Final = (
    f"SELECT {ACCOUNT} FROM json_each(?) AS asked CROSS JOIN runs ON run = asked.value"
)
_STORE: Final = f"INSERT OR REPLACE INTO runs ({ACCOUNT}) VALUES (?{', ?' * 13})"
_STEP: Final = """
INSERT INTO run_step VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, step, service, queue) DO UPDATE SET
    sent = sent + excluded.sent,
    handled = handled + excluded.handled,
    failed = failed + excluded.failed,
    first_at = min(first_at, excluded.first_at),
    last_at = max(last_at, excluded.last_at),
    ms_sum = ms_sum + excluded.ms_sum
"""
_ACTIVE: Final = """
SELECT count(*) FROM runs
WHERE user = :user AND state = 'running' AND run != :run
    AND (started_at IS NOT NULL OR json_extract(pending, '$.at') > :since)
"""
# That a letter was sent back may be told before that it was one: then net is -1 for a
# while, and the step is not known yet.
_LETTER: Final = """
INSERT INTO run_letter VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run, message) DO UPDATE SET
    net = net + excluded.net,
    letter = iif(excluded.net > 0, excluded.letter, letter),
    step = iif(excluded.net > 0, excluded.step, step),
    service = iif(excluded.net > 0, excluded.service, service),
    queue = iif(excluded.net > 0, excluded.queue, queue)
"""
_STUDY: Final = """
INSERT INTO run_study VALUES (?, ?, ?, ?)
ON CONFLICT (run, study) DO UPDATE SET
    asked = asked + excluded.asked,
    done = done + excluded.done
"""


def record(db: sqlite3.Connection, facts: Mapping[str, Sequence[Fact]]) -> list[Event]:
    """Add facts to the runs' accounts; return the events of the runs that they finish."""
    accounts = _load(db, facts)
    changed: list[Account] = []
    finished: list[Event] = []
    for run, told in facts.items():
        account, event = accounts[run].after(told)
        changed.append(account)
        if event:
            finished.append(event)
    db.executemany(_STORE, map(_account_row, changed))
    db.executemany(_STEP, _step_rows(changed, facts))
    db.executemany(_LETTER, _letter_rows(changed, facts))
    db.executemany(_STUDY, _study_rows(changed, facts))
    return finished


def check_quota(db: sqlite3.Connection, quota: Quota, others: int) -> None:
    """Let a run pass if its submitter may have one more; ``others`` just did so.

    Raises:
        OverLimitError: if as many are at work as there may be.
    """
    values = {
        "user": quota.user,
        "run": quota.run,
        "since": quota.at - ADMITTED_S,
    }
    (count,) = db.execute(_ACTIVE, values).fetchone()
    if count + others >= quota.limit:
        raise OverLimitError(quota, count + others)


def _load(db: sqlite3.Connection, runs: Iterable[str]) -> dict[str, Account]:
    names = list(runs)
    rows = db.execute(_LOAD, [encode(names)]).fetchall()
    accounts = {account.run: account for account in map(account_of, rows)}
    (last,) = db.execute("SELECT ifnull(max(number), 0) FROM runs").fetchone()
    for name in names:
        if name not in accounts:
            last += 1
            accounts[name] = Account(last, name)
    return accounts


def account_of(row: Sequence[Any]) -> Account:
    """Return the account in a row of the columns ``ACCOUNT``."""
    account = Account(*row)
    start: Any = account.start
    pending: Any = account.pending
    return replace(
        account,
        checksum=int(str(account.checksum), 16),
        start=Start(**decode(start.encode())) if start else None,
        pending=Pending(**decode(pending.encode())) if pending else None,
    )


def _account_row(account: Account) -> tuple[Any, ...]:
    return (
        account.number,
        account.run,
        account.state,
        account.sent,
        account.handled,
        account.failed,
        account.dead,
        # All 64 bits: SQLite's integers are signed.
        f"{account.checksum:016x}",
        account.finishes,
        account.started_at,
        account.last_at,
        encode(account.start).decode() if account.start else None,
        account.user,
        encode(account.pending).decode() if account.pending else None,
    )


def _step_rows(
    accounts: Sequence[Account], facts: Mapping[str, Sequence[Fact]]
) -> Iterable[tuple[Any, ...]]:
    for account in accounts:
        for key, step in tally(facts[account.run]).items():
            counts = (step.sent, step.handled, step.failed)
            times = (step.first_at, step.last_at, step.ms_sum)
            yield (account.number, *key, *counts, *times)


def _letter_rows(
    accounts: Sequence[Account], facts: Mapping[str, Sequence[Fact]]
) -> Iterable[tuple[Any, ...]]:
    for account in accounts:
        for fact in facts[account.run]:
            if fact.message:
                key = fact.step or (-1, "", "")
                yield (account.number, fact.message, fact.letter, *key, fact.dead)


def _study_rows(
    accounts: Sequence[Account], facts: Mapping[str, Sequence[Fact]]
) -> Iterable[tuple[Any, ...]]:
    for account in accounts:
        for fact in facts[account.run]:
            if (share := fact.share) and (share.asked or share.done):
                yield (account.number, share.study, share.asked, share.done)
