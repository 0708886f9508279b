"""Reading the view of the runs from SQLite."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from recado.errors import NotFoundError
from recado.schemas.events import RunReply, RunRow, RunsReply, RunsRequest, RunStep
from recado_eventstore.runs import Account
from recado_eventstore.runtable import ACCOUNT, account_of

LETTER_LIMIT: Final = 1_000
"""Dead letters of a run that are named; all of them are counted."""

_LIST: Final = f"""
SELECT {ACCOUNT} FROM runs WHERE number < ifnull(?, 9223372036854775807)
ORDER BY number DESC LIMIT ?
"""
_LIST_STATE: Final = _LIST.replace("WHERE", "WHERE state = ? AND")
_STEPS: Final = """
SELECT step, service, queue, sent, handled, failed, (
        SELECT count(*) FROM run_letter AS letter
        WHERE letter.run = tally.run AND letter.net > 0 AND letter.step = tally.step
            AND letter.service = tally.service AND letter.queue = tally.queue
    ), first_at, last_at, ms_sum
FROM run_step AS tally WHERE run = ? ORDER BY step, service, queue
"""
_LETTERS: Final = (
    "SELECT letter FROM run_letter WHERE run = ? AND net > 0 ORDER BY message LIMIT ?"
)


def list_runs(db: sqlite3.Connection, request: RunsRequest) -> RunsReply:
    """Return runs, the newest first; one more is read to see whether there are any."""
    page = [request.before, request.limit + 1]
    if request.state:
        rows = db.execute(_LIST_STATE, [request.state, *page])
    else:
        rows = db.execute(_LIST, page)
    accounts = [account_of(row) for row in rows]
    shown = accounts[: request.limit]
    has_more = len(accounts) > request.limit
    return RunsReply(
        runs=[RunRow(**_fields(account)) for account in shown],
        next=shown[-1].number if has_more else None,
    )


def show_run(db: sqlite3.Connection, run: str) -> RunReply:
    """Return one run.

    Raises:
        NotFoundError: if nothing was ever told of it; names the newest runs.
    """
    row = db.execute(f"SELECT {ACCOUNT} FROM runs WHERE run = ?", [run]).fetchone()
    if row is None:
        raise NotFoundError(f"no run {run!r}; {_newest(db)}")
    account = account_of(row)
    start = account.start
    letters = db.execute(_LETTERS, [account.number, LETTER_LIMIT])
    return RunReply(
        **_fields(account),
        parameters=start.parameters if start else {},
        request=start.request if start else "",
        steps=[_step(row) for row in db.execute(_STEPS, [account.number])],
        dead_letters=[letter for (letter,) in letters],
    )


def _newest(db: sqlite3.Connection) -> str:
    rows = db.execute("SELECT run FROM runs ORDER BY number DESC LIMIT 3")
    newest = ", ".join(run for (run,) in rows)
    return f"the newest: {newest}" if newest else "there are none"


def _fields(account: Account) -> dict[str, Any]:
    return {
        "run": account.run,
        "state": account.state,
        "recipes": account.start.recipes if account.start else [],
        "sent": account.sent,
        "handled": account.handled,
        "failed": account.failed,
        "dead": account.dead,
        "started_at": account.started_at,
        "last_at": account.last_at,
        "finishes": account.finishes,
    }


def _step(row: tuple[Any, ...]) -> RunStep:
    step, service, queue, sent, handled, failed, dead, first_at, last_at, ms_sum = row
    return RunStep(
        step=None if step < 0 else step,
        service=service,
        queue=queue,
        sent=sent,
        handled=handled,
        failed=failed,
        dead=dead,
        first_at=first_at,
        last_at=last_at,
        ms_sum=ms_sum,
    )
