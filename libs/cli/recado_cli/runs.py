"""``recado run``: what happened to runs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Common, Group, option, pass_common
from recado_cli.output import count, print_facts, print_json, print_table, talk, when

if TYPE_CHECKING:
    from recado.clients.eventlog import EventLog
    from recado.config import Settings
    from recado.schemas.events import LogbookReply, RunReply, RunRow, RunStep
    from recado.schemas.letters import LetterLine
    from recado.transport import Transport

SEARCHED: Final = 10_000
"""The newest runs, among which the beginning of an id is looked for."""
LETTERS: Final = 100


@click.group(cls=Group)
def run() -> None:
    """See what happened to runs."""


@run.command()
@option(
    "--in-state",
    "state",
    type=click.Choice(["waiting", "refused", "running", "done", "incomplete"]),
    help="Only runs in this state.",
)
@option("--limit", type=click.IntRange(1, 1000), default=20, help="How many at most.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def ls(common: Common, state: str | None, limit: int, as_json: bool) -> None:
    """List runs, the newest first."""
    from recado_cli.session import wait_for

    rows = wait_for(_listed(common.settings(), state, limit))
    if as_json:
        print_json(rows)
    else:
        print_runs(rows)
        if not rows:
            talk(f"no run is {state}" if state else "no runs yet")


@run.command()
@click.argument("run_id", metavar="RUN")
@option("--request", is_flag=True, help="Only its request, as JSON.")
@option("--recipe", is_flag=True, help="Only its recipe, as JSON.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def show(
    common: Common, run_id: str, request: bool, recipe: bool, as_json: bool
) -> None:
    """Show one run: its request, steps, counts and dead letters.

    RUN is a run's id, or how it begins.
    """
    if request + recipe + as_json > 1:
        raise click.UsageError("--request, --recipe or --json: one of them")
    from recado_cli.logbook import print_logbook, print_part
    from recado_cli.session import wait_for

    found, letters, book = wait_for(_shown(common.settings(), run_id))
    if request or recipe:
        print_part(found, book, "recipe" if recipe else "request")
    elif as_json:
        print_json({"run": found, "dead_letters": letters, "logbook": book})
    else:
        print_run(found, letters)
        print_logbook(book)


async def _listed(
    settings: Settings, state: str | None, limit: int
) -> Sequence[RunRow]:
    from recado.clients.eventlog import EventLog
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        with asking("event store", settings):
            reply = await EventLog(transport).runs(state, limit=limit)  # type: ignore[arg-type] # one of the choices
            return reply.runs


async def _shown(
    settings: Settings, run_id: str
) -> tuple[RunReply, Sequence[LetterLine] | None, LogbookReply | None]:
    from recado.clients.eventlog import EventLog
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        with asking("event store", settings):
            found = await find_run(EventLog(transport), run_id)
            book = await _book_of(EventLog(transport), found.run)
        letters = await letters_of(transport, found.run) if found.dead else ()
        return found, letters, book


async def _book_of(log: EventLog, run: str) -> LogbookReply | None:
    """Return what a run was started from; none if nobody wrote it down."""
    from recado.errors import NotFoundError

    try:
        return await log.logbook(run)
    except NotFoundError:
        return None


async def find_run(log: EventLog, run_id: str) -> RunReply:
    """Return a run by its id, or by how that begins.

    Raises:
        NotFoundError: if no run's id begins so, or several do.
    """
    from recado.errors import NotFoundError

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


async def letters_of(transport: Transport, run_id: str) -> Sequence[LetterLine] | None:
    """Return a run's dead letters; none at all if the service is away."""
    from recado.clients.letters import Letters
    from recado.errors import RequestTimeoutError, UnroutableError
    from recado.schemas.letters import LetterFilter

    try:
        where = LetterFilter(run=run_id)
        page = await Letters(transport, timeout_s=2.0).list(where, limit=LETTERS)
    except (RequestTimeoutError, UnroutableError):
        return None
    return page.letters


def print_runs(rows: Sequence[RunRow]) -> None:
    """Print runs as a table."""
    heads = ["run", "state", "recipes", "sent", "handled", "failed", "dead", "started"]
    print_table(
        heads,
        [
            [
                row.run,
                row.state,
                _recipes(row),
                row.sent,
                row.handled,
                row.failed,
                row.dead,
                when(row.started_at),
            ]
            for row in rows
        ],
    )


def print_run(found: RunReply, letters: Sequence[LetterLine] | None) -> None:
    """Print all about a run: itself, its steps, its dead letters."""
    print_facts(
        [
            ("run", found.run),
            ("state", found.state),
            *_pending(found),
            ("user", found.user),
            ("recipes", _recipes(found)),
            ("parameters", _parameters(found)),
            (
                "messages",
                f"{found.sent} sent, {found.handled} handled, {found.dead} dead",
            ),
            ("failed attempts", found.failed),
            ("started", when(found.started_at)),
            ("last event", when(found.last_at)),
        ]
    )
    if found.steps:
        click.echo()
        print_steps(found.steps)
    if letters is None:
        talk("the dead-letter service does not answer; its reasons are not shown")
    elif letters:
        click.echo()
        print_table(
            ["dead letter", "step", "queue", "reason", "text"],
            [
                [each.id, each.step, each.queue, each.reason, each.text]
                for each in letters
            ],
        )
        if found.dead > len(letters):
            talk(f"{found.dead - len(letters)} more: 'recado dlq ls --run {found.run}'")


def print_steps(steps: Sequence[RunStep]) -> None:
    """Print what each service did for each step."""
    heads = [
        "step",
        "service",
        "queue",
        "handled",
        "failed",
        "dead",
        "sent",
        "ms",
        "ms each",
    ]
    print_table(
        heads,
        [
            [
                step.step,
                step.service,
                step.queue,
                step.handled,
                step.failed,
                step.dead,
                step.sent,
                step.ms_sum,
                step.ms_sum / step.handled if step.handled else None,
            ]
            for step in steps
        ],
    )


def _pending(found: RunRow) -> list[tuple[str, object]]:
    facts: list[tuple[str, object]] = []
    if found.text:
        facts.append(("why", found.text))
    if found.until is not None:
        facts.append(("until", when(found.until)))
    return facts


def _recipes(run: RunRow) -> list[str] | str | None:
    """Return a run's recipes; none if others started it, and nobody told of that."""
    is_told = run.started_at is not None or run.state in {"waiting", "refused"}
    return run.recipes or ("(custom)" if is_told else None)


def _parameters(found: RunReply) -> str:
    from pydantic_core import to_json

    return to_json(found.parameters).decode()
