"""``recado dlq reinject``: dead letters in files, sent to where they died."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.output import clean, count, print_line, talk

if TYPE_CHECKING:
    from recado.config import Settings
    from recado_cli.dlq.sending import Orders, Outcome


@click.command(cls=Command)
@click.argument("files", metavar="[FILE...]", nargs=-1)
@option("-r", "--remove", is_flag=True, help="Delete a file once its message is sent.")
@option("-d", "--destination", help="Send them there instead.")
@option("-w", "--wait", type=click.FloatRange(0), help="Seconds between two messages.")
@option("--dry-run", is_flag=True, help="Say what would be sent where.")
@option("--json", "as_json", is_flag=True, help="Print a line of JSON for each file.")
@pass_common
def reinject(
    common: Common,
    files: tuple[str, ...],
    remove: bool,
    destination: str | None,
    wait: float | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Send the messages in files, recado's or Zocalo's, to where they died.

    Without FILE the files' names are read from standard in, as 'recado dlq purge' and
    zocalo.dlq_purge print them. A file that is not there is skipped; one that is wrong is
    told, the others go on, and the exit code is 1. -v shows the messages.
    """
    from recado_cli.dlq.places import namespace
    from recado_cli.dlq.sending import Orders, names_in
    from recado_cli.failing import FailedError
    from recado_cli.session import wait_for

    names = list(dict.fromkeys(files or names_in(_standard_in())))
    if not names:
        raise FailedError("no files are given, neither as words nor on standard in")
    settings = common.settings()
    orders = Orders(
        destination, wait or 0.0, remove, dry_run, namespace(settings.broker)
    )
    report = Report(as_json=as_json, is_dry=dry_run, is_verbose=common.is_verbose)
    wait_for(_reinjected(settings, names, orders, report))
    if report.failed:
        raise FailedError(f"{count(report.failed, 'file')} of {len(names)} failed")


@dataclass(slots=True)
class Report:
    """Tells what became of each file, and counts those that failed."""

    as_json: bool = False
    is_dry: bool = False
    is_verbose: bool = False
    failed: int = 0

    def tell(self, outcome: Outcome) -> None:
        """Tell of one file."""
        self.failed += bool(outcome.error)
        if self.is_verbose and outcome.content:
            text = outcome.content.decode(errors="backslashreplace")
            click.echo(clean(text, keeps="\n"), err=True)
        if self.as_json:
            print_line(self._document(outcome))
        elif outcome.queue and not outcome.error:
            sent = "would be sent" if self.is_dry else "sent"
            click.echo(clean(f"{outcome.file} {sent} to {outcome.queue}"))
        if outcome.is_missing:
            talk(clean(f"{outcome.file}: there is no such file; skipped"))
        elif outcome.error:
            talk(clean(f"{outcome.file}: {outcome.error}"))

    def _document(self, outcome: Outcome) -> dict[str, object]:
        return {
            "file": outcome.file,
            "message": outcome.message,
            "queue": outcome.queue,
            "is_missing": outcome.is_missing,
            "error": outcome.error,
        }


async def _reinjected(
    settings: Settings, names: Sequence[str], orders: Orders, report: Report
) -> None:
    from recado_cli.dlq.sending import send_all
    from recado_cli.session import connected

    async with connected(settings) as transport:
        async for outcome in send_all(transport, names, orders):
            report.tell(outcome)


def _standard_in() -> list[str]:
    return [] if sys.stdin.isatty() else sys.stdin.read().splitlines()
