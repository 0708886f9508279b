"""``recado run``: what happened to runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recado_cli.common import Common, Group, option, pass_common
from recado_cli.output import print_json, talk
from recado_cli.overview import STATES

if TYPE_CHECKING:
    from recado.schemas.events import RunState


@click.group(cls=Group)
def run() -> None:
    """See what happened to runs."""


@run.command()
@option(
    "--in-state",
    "state",
    type=click.Choice(STATES),
    help="Only runs in this state.",
)
@option("--limit", type=click.IntRange(1, 1000), default=20, help="How many at most.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def ls(common: Common, state: RunState | None, limit: int, as_json: bool) -> None:
    """List runs, the newest first."""
    from recado_cli.run.finding import list_runs
    from recado_cli.run.page import print_runs
    from recado_cli.session import wait_for

    rows = wait_for(list_runs(common.settings(), state, limit))
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
    from recado_cli.run.finding import look_up
    from recado_cli.run.logbook import print_logbook, print_part
    from recado_cli.run.page import print_run
    from recado_cli.session import wait_for

    found, letters, book = wait_for(look_up(common.settings(), run_id))
    if request or recipe:
        print_part(found, book, "recipe" if recipe else "request")
    elif as_json:
        print_json({"run": found, "dead_letters": letters, "logbook": book})
    else:
        print_run(found, letters)
        print_logbook(book)
