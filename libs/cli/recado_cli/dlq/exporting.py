"""``recado dlq export``: what the dead-letter service keeps, copied into files."""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.dlq.filing import Filing

if TYPE_CHECKING:
    from recado.clients.letters import Letters
    from recado.config import Settings
    from recado.dumps import Wording
    from recado.schemas.letters import LetterDetail, LetterFilter, LetterLine
    from recado_cli.dlq.papers import Paper

_PAGE: Final = 100


@click.command(cls=Command)
@option("--run", "run_id", metavar="RUN", help="Only those of a run.")
@option("--queue", help="Only those given up on a queue.")
@option("--reason", help="Only those of a reason: error, rejected, schema, ...")
@option(
    "--location",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the files; the setting purge says which otherwise.",
)
@option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
@pass_common
def export(
    common: Common,
    run_id: str | None,
    queue: str | None,
    reason: str | None,
    location: Path | None,
    as_json: bool,
) -> None:
    """Write what the dead-letter service keeps to files, as 'recado dlq purge' does.

    The letters stay with the service, and stay dead.
    """
    from recado.schemas.letters import LetterFilter
    from recado_cli.session import wait_for

    settings = common.settings()
    filing = Filing(location or settings.purge, as_json=as_json)
    where = LetterFilter(run=run_id, queue=queue, reason=reason)
    with filing:
        wait_for(_exported(settings, where, filing))


async def _exported(settings: Settings, where: LetterFilter, filing: Filing) -> None:
    from recado.clients.letters import Letters
    from recado_cli.dlq.papers import file_all
    from recado_cli.dlq.places import wording
    from recado_cli.session import asking, connected

    async with connected(settings) as transport:
        letters = Letters(transport)
        with asking("dead-letter", settings):
            async for page in _pages(letters, where):
                details = await asyncio.gather(*(letters.show(it.id) for it in page))
                papers = [_paper(it, wording(settings.broker)) for it in details]
                filed = await asyncio.to_thread(file_all, papers, filing.location)
                for each, path in zip(details, filed.paths, strict=False):
                    filing.print(each.queue, path)
                if filed.error is not None:
                    raise filed.error


async def _pages(
    letters: Letters, where: LetterFilter
) -> AsyncGenerator[Sequence[LetterLine]]:
    before: int | None = None
    while True:
        page = await letters.list(where, limit=_PAGE, before=before)
        yield page.letters
        before = page.next
        if before is None:
            return


def _paper(letter: LetterDetail, wording: Wording) -> Paper:
    from recado.dumps import LETTER_ID, Death
    from recado.message import ID, RUN, Message
    from recado_cli.dlq.papers import Paper

    told = {ID: letter.message, **({RUN: letter.run} if letter.run else {})}
    headers = told | letter.headers | {LETTER_ID: letter.id}
    message = Message(base64.b64decode(letter.body), headers)
    death = Death(letter.queue, letter.at, letter.reason)
    return Paper.of(message, death, wording, time.time())
