"""Reading the view of the runs from SQLite."""

from __future__ import annotations

import sqlite3
from typing import Any, Final

from recado.errors import NotFoundError
from recado.events import RECIPE_STREAM
from recado.message import decode
from recado.schemas.events import (
    LogbookReply,
    RunReply,
    RunRow,
    RunsReply,
    RunsRequest,
    RunStep,
    RunStudy,
    requested_id,
)
from recado_eventstore.runs import Account
from recado_eventstore.runtable import ACCOUNT, account_of

LETTER_LIMIT: Final = 1_000
"""Dead letters of a run that are named; all of them are counted."""
STUDY_LIMIT: Final = 100
"""Studies of a run that are shown."""

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
_STUDIES: Final = (
    "SELECT study, asked, done FROM run_study WHERE run = ? ORDER BY study LIMIT ?"
)
_BY_ID: Final = "SELECT data, at FROM events WHERE id = ?"
_RECIPE: Final = """
SELECT data FROM events CROSS JOIN streams ON streams.id = events.stream
WHERE streams.name = ? AND events.version = 1
"""


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
    account = _account(db, run)
    start = account.start
    letters = db.execute(_LETTERS, [account.number, LETTER_LIMIT])
    return RunReply(
        **_fields(account),
        parameters=start.parameters if start else {},
        request=start.request if start else "",
        steps=[_step(row) for row in db.execute(_STEPS, [account.number])],
        dead_letters=[letter for (letter,) in letters],
        studies=[
            RunStudy(study=study, asked=asked, done=done)
            for study, asked, done in db.execute(
                _STUDIES, [account.number, STUDY_LIMIT]
            )
        ],
    )


def read_logbook(db: sqlite3.Connection, run: str) -> LogbookReply:
    """Return what a run was started from: its request, filters, parameters and recipe.

    Raises:
        NotFoundError: if nothing was ever told of it, or of its start.
    """
    start = _account(db, run).start
    if start is None:
        raise NotFoundError(f"run {run!r} is not started, as far as it is known")
    key = bytes.fromhex(requested_id(start.request).replace("-", ""))
    row = db.execute(_BY_ID, [key]).fetchone()
    if row is None:
        raise NotFoundError(f"nothing is written down of what run {run!r} started from")
    data, at = decode(row[0].encode()), row[1]
    stored = db.execute(_RECIPE, [f"{RECIPE_STREAM}{data['recipe']}"]).fetchone()
    return LogbookReply(
        run=run,
        request=start.request,
        at=at,
        headers=data["headers"],
        body=data["body"],
        body_bytes=data["body_bytes"],
        filters=data["filters"],
        parameters=start.parameters,
        recipe=decode(stored[0].encode())["recipe"] if stored else None,
    )


def _account(db: sqlite3.Connection, run: str) -> Account:
    row = db.execute(f"SELECT {ACCOUNT} FROM runs WHERE run = ?", [run]).fetchone()
    if row is None:
        raise NotFoundError(f"no run {run!r}; {_newest(db)}")
    return account_of(row)


def _newest(db: sqlite3.Connection) -> str:
    rows = db.execute("SELECT run FROM runs ORDER BY number DESC LIMIT 3")
    newest = ", ".join(run for (run,) in rows)
    return f"the newest: {newest}" if newest else "there are none"


def _fields(account: Account) -> dict[str, Any]:
    pending = account.pending if account.state in ("waiting", "refused") else None
    return {
        "user": account.user,
        "why": pending.why if pending else "",
        "text": pending.text if pending else "",
        "until": pending.until if pending else None,
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
