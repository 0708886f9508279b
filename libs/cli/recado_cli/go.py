"""``recado go``: start a run, and stay to see how it ends."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.completing import recipe_names

if TYPE_CHECKING:
    from recado_cli.watching import Wish


@click.command(cls=Command)
@click.argument("recipes", metavar="RECIPE...", nargs=-1, shell_complete=recipe_names)
@option(
    "-f",
    "--file",
    metavar="FILE",
    type=click.Path(),
    help="A recipe in a file; - for standard in.",
)
@option(
    "-s",
    "--set",
    "assignments",
    metavar="K=V",
    multiple=True,
    help="A parameter, as text; K:=JSON for any other value. May be repeated.",
)
@option("--wait", is_flag=True, help="Wait until the run is finished.")
@option("--follow", is_flag=True, help="Wait, and print the run's events as they come.")
@option("--dry-run", is_flag=True, help="Check, and print what would be sent.")
@option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait at most.")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def go(
    common: Common,
    recipes: tuple[str, ...],
    file: str | None,
    assignments: tuple[str, ...],
    wait: bool,
    follow: bool,
    dry_run: bool,
    timeout: float | None,
    as_json: bool,
) -> None:
    """Start a run of recipes, merged into one, and print the run's id.

    What is wrong with the request is told before anything is sent. With --wait the exit
    code is 1 if messages of the run became dead letters.
    """
    if not recipes and not file:
        raise click.UsageError(
            "which recipe? for example 'recado go study'", click.get_current_context()
        )
    if timeout is not None and not (wait or follow):
        raise click.UsageError("--timeout needs --wait or --follow")
    parameters = read_parameters(assignments)
    from recado_cli.submitting import Ask
    from recado_cli.watching import Wish

    ask = Ask.made(recipes, file, parameters, common.settings())
    if dry_run:
        ask.show()
        return
    _go(ask.checked(), Wish(wait or follow, follow, timeout, as_json))


def _go(ask: Any, wish: Wish) -> None:
    from recado_cli.session import wait_for
    from recado_cli.watching import submit_and_watch

    wait_for(submit_and_watch(ask, wish))


def read_parameters(assignments: tuple[str, ...]) -> dict[str, Any]:
    """Return the parameters that are given as ``K=V``, or ``K:=JSON``.

    Raises:
        UsageError: for one that is neither, or a key that is given twice.
    """
    found: dict[str, Any] = {}
    for text in assignments:
        key, mark, value = text.partition("=")
        name = key.removesuffix(":")
        if not mark or not name:
            raise click.UsageError(f"--set takes K=V or K:=JSON, not {text!r}")
        if name in found:
            raise click.UsageError(f"--set gives {name!r} twice")
        found[name] = value if name == key else _from_json(name, value)
    return found


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--set {name}: not JSON: {text!r}: {error}") from error
