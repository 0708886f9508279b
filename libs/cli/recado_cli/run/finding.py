"""Finding runs: the newest ones, or one by how its id begins, with all that is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from recado.clients.eventlog import EventLog
from recado.clients.letters import Letters
from recado.config import Settings
from recado.errors import NotFoundError, RequestTimeoutError, UnroutableError
from recado.schemas.events import LogbookReply, RunReply, RunRow, RunState
from recado.schemas.letters import LetterFilter, LetterLine
from recado.transport import Transport
from recado_cli.output import count
from recado_cli.overview import TIMEOUT_S
from recado_cli.session import asking, connected

SEARCHED: Final = 10_000
"""The newest runs, among which the beginning of an id is looked for."""
LETTERS: Final = 100
"""Dead letters of a run that are looked up."""


async def list_runs(
    settings: Settings, state: RunState | None, limit: int
) -> Sequence[RunRow]:
    """Return the newest runs, all of them or those in a state."""
    async with connected(settings) as transport:
        with asking("event store", settings):
            reply = await EventLog(transport).runs(state, limit=limit)
            return reply.runs


async def look_up(
    settings: Settings, run_id: str
) -> tuple[RunReply, Sequence[LetterLine] | None, LogbookReply | None]:
    """Return a run, its dead letters, and its logbook, as far as others know of these.

    Raises:
        NotFoundError: if no run's id begins so, or several do.
    """
    async with connected(settings) as transport:
        log = EventLog(transport)
        with asking("event store", settings):
            found = await _found(log, run_id)
            book = await _book_of(log, found.run)
        letters = await _letters_of(transport, found.run) if found.dead else ()
        return found, letters, book


async def _book_of(log: EventLog, run: str) -> LogbookReply | None:
    """Return what a run was started from; none if nobody wrote it down."""
    try:
        return await log.logbook(run)
    except NotFoundError:
        return None


async def _found(log: EventLog, run_id: str) -> RunReply:
    """Return a run by its id, or by how that begins.

    Raises:
        NotFoundError: if no run's id begins so, or several do.
    """
    try:
        return await log.run(run_id)
    except NotFoundError:
        names = await _beginning(log, run_id)
        if not names:
            raise
    if len(names) > 1:
        some = ", ".join(names[:5])
        raise NotFoundError(
            f"{count(len(names), 'run')} begin with {run_id!r}, such as {some}"
        )
    return await log.run(names[0])


async def _beginning(log: EventLog, prefix: str) -> list[str]:
    names: list[str] = []
    before: int | None = None
    for _ in range(SEARCHED // 1000):
        page = await log.runs(limit=1000, before=before)
        names += [row.run for row in page.runs if row.run.startswith(prefix)]
        before = page.next
        if before is None:
            break
    return names


async def _letters_of(transport: Transport, run_id: str) -> Sequence[LetterLine] | None:
    """Return a run's dead letters; none at all if the service is away."""
    try:
        where = LetterFilter(run=run_id)
        page = await Letters(transport, timeout_s=TIMEOUT_S).list(where, limit=LETTERS)
    except (RequestTimeoutError, UnroutableError):
        return None
    return page.letters
