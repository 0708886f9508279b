"""The dead letters that the service keeps: listed, shown, and sent back."""

from __future__ import annotations

import base64
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.output import (
    clean,
    count,
    print_facts,
    print_json,
    print_table,
    talk,
    when,
)

if TYPE_CHECKING:
    from recado.config import Settings
    from recado.schemas.letters import (
        LetterDetail,
        LetterFilter,
        LetterPage,
        RetryReply,
    )


@click.command(cls=Command)
@option("--run", "run_id", metavar="RUN", help="Only those of a run.")
@option("--queue", help="Only those given up on a queue.")
@option("--reason", help="Only those of a reason: error, rejected, schema, ...")
@option("--limit", type=click.IntRange(1, 1000), default=50, help="How many at most.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def ls(
    common: Common,
    run_id: str | None,
    queue: str | None,
    reason: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List the dead letters, the newest first."""
    from recado.schemas.letters import LetterFilter
    from recado_cli.session import wait_for

    where = LetterFilter(run=run_id, queue=queue, reason=reason)
    page = wait_for(_listed(common.settings(), where, limit))
    if as_json:
        print_json(page)
        return
    print_table(
        ["id", "at", "queue", "step", "run", "reason", "attempts", "text"],
        [
            [
                each.id,
                when(each.at),
                each.queue,
                each.step,
                each.run[:8],
                each.reason,
                each.attempts,
                each.text[:120],
            ]
            for each in page.letters
        ],
    )
    if not page.letters:
        is_part = run_id or queue or reason
        talk("no dead letter is of this kind" if is_part else "no dead letters")
    elif page.total > len(page.letters):
        talk(f"{len(page.letters)} of {page.total} dead letters; --limit shows more")


@click.command(cls=Command)
@click.argument("id_", metavar="ID")
@option("--raw", is_flag=True, help="Print the message's exact bytes, nothing else.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def show(common: Common, id_: str, raw: bool, as_json: bool) -> None:
    """Show everything about a dead letter.

    ID is its id, or how it begins.
    """
    from recado_cli.session import wait_for

    if raw and as_json:
        raise click.UsageError("give either --raw or --json")
    letter = wait_for(_shown(common.settings(), id_))
    if raw:
        sys.stdout.buffer.write(base64.b64decode(letter.body))
        sys.stdout.buffer.flush()
    elif as_json:
        print_json(letter)
    else:
        _print(letter)


@click.command(cls=Command)
@click.argument("ids", metavar="ID...", nargs=-1)
@option("--run", "run_id", metavar="RUN", help="Those of a run.")
@option("--queue", help="Those given up on a queue.")
@option("--all", "is_all", is_flag=True, help="All there are; asks first.")
@option("--yes", is_flag=True, help="Do not ask.")
@option("--to-queue", metavar="QUEUE", help="Send them there instead.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def retry(
    common: Common,
    ids: tuple[str, ...],
    run_id: str | None,
    queue: str | None,
    is_all: bool,
    yes: bool,
    to_queue: str | None,
    as_json: bool,
) -> None:
    """Send dead letters back to the queues they died on.

    The exit code is 1 if one of them could not be sent back.
    """
    from recado.schemas.letters import LetterFilter
    from recado_cli.session import wait_for

    by_filter = bool(run_id or queue)
    if bool(ids) + by_filter + is_all != 1:
        raise click.UsageError(
            "say which: ID..., --run or --queue, or --all", click.get_current_context()
        )
    where = None if ids else LetterFilter(run=run_id, queue=queue)
    settings = common.settings()
    if is_all and not yes:
        total = wait_for(_listed(settings, LetterFilter(), 1)).total
        click.confirm(
            f"send all {count(total, 'dead letter')} back?", abort=True, err=True
        )
    reply = wait_for(_retried(settings, ids, where, to_queue))
    _tell(reply, as_json)


async def _listed(settings: Settings, where: LetterFilter, limit: int) -> LetterPage:
    from recado.clients.letters import Letters
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        with asking("dead-letter", settings):
            return await Letters(transport).list(where, limit=limit)


async def _shown(settings: Settings, id_: str) -> LetterDetail:
    from recado.clients.letters import Letters
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        with asking("dead-letter", settings):
            return await Letters(transport).show(id_)


async def _retried(
    settings: Settings,
    ids: Sequence[str],
    where: LetterFilter | None,
    to_queue: str | None,
) -> RetryReply:
    from recado.clients.letters import Letters
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        with asking("dead-letter", settings):
            return await Letters(transport).retry(*ids, where=where, to_queue=to_queue)


def _tell(reply: RetryReply, as_json: bool) -> None:
    if as_json:
        print_json(reply)
    else:
        for sent in reply.retried:
            click.echo(clean(f"{sent.letter} sent to {sent.queue}"))
        for kept in reply.refused:
            talk(clean(f"{kept.letter} not sent back: {kept.why}"))
    talk(f"{count(reply.count, 'dead letter')} sent back")
    if reply.refused_count:
        from recado_cli.failing import FailedError

        raise FailedError(f"{count(reply.refused_count, 'dead letter')} not sent back")


def _print(letter: LetterDetail) -> None:
    print_facts(
        [
            ("id", letter.id),
            ("state", letter.state),
            ("reason", letter.reason),
            ("text", letter.text),
            ("at", when(letter.at)),
            ("queue", letter.queue),
            ("service", letter.service),
            ("instance", letter.instance),
            ("run", letter.run),
            ("step", letter.step),
            ("attempts", letter.attempts),
            ("retries", letter.retries),
            ("message", letter.message),
            ("previous", letter.previous),
            ("following", letter.following),
        ]
    )
    _section("problems", [f"{it.path}: {it.text}" for it in letter.problems])
    _section(
        "history",
        [
            f"{it.attempt}. {when(it.at)} {it.instance}: {it.error}"
            for it in letter.history
        ],
    )
    _section("traceback", letter.traceback.splitlines())
    _section("headers", [f"{key}: {text}" for key, text in letter.headers.items()])
    _section("body", _body(letter))


def _body(letter: LetterDetail) -> list[str]:
    if letter.is_json:
        from pydantic_core import to_json

        return to_json(letter.content, indent=2).decode().splitlines()
    return [repr(base64.b64decode(letter.body)[:2000])]


def _section(title: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"\n{title}")
        for line in lines:
            click.echo(f"  {clean(line)}")
