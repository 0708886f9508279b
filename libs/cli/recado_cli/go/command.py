"""``recado go``: start a run, and stay to see how it ends."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import click

from recado.message import HIGHEST, LOWEST, NORMAL
from recado_cli.common import Command, Common, option, pass_common
from recado_cli.completing import recipe_names
from recado_cli.go.words import SCALING, recipes_and_ids

if TYPE_CHECKING:
    from recado_cli.go.submitting import Ask
    from recado_cli.go.watching import Wish


@click.command(cls=Command)
@click.argument(
    "words", metavar="[RECIPE...|ID]", nargs=-1, shell_complete=recipe_names
)
@option(
    "-r",
    "--recipe",
    "recipes",
    metavar="RECIPE",
    multiple=True,
    shell_complete=recipe_names,
    help="A recipe's name, as an argument would be. May be repeated.",
)
@option(
    "-f",
    "--file",
    metavar="FILE",
    type=click.Path(),
    help="A recipe in a file; - for standard in.",
)
@option("-n", "--no-dcid", is_flag=True, help="No data collection is meant.")
@option(
    "-p",
    "--reprocessing",
    is_flag=True,
    help="ID is that of a reprocessing, not of a data collection.",
)
@option(
    "-a",
    "--autoprocscalingid",
    "scaling",
    metavar="ID",
    type=click.IntRange(min=1),
    help="The id of an automatic processing's scaling.",
)
@option(
    "-s",
    "--set",
    "assignments",
    metavar="K=V",
    multiple=True,
    help="A parameter, as text; K:=JSON for any other value. May be repeated.",
)
@option(
    "--priority",
    type=click.IntRange(LOWEST, HIGHEST),
    default=NORMAL,
    help="Its place among what waits; 9 goes first, 4 is normal.",
)
@option("--at", metavar="TIME", help="Start it then: 14:30, +10m, 2026-01-31T14:30.")
@option(
    "--idempotency-key",
    "key",
    metavar="K",
    default="",
    help="Of requests with the same key, one is started.",
)
@option("--unchecked", is_flag=True, help="Leave all checking to the dispatcher.")
@option("--wait", is_flag=True, help="Wait until the run is finished.")
@option("--follow", is_flag=True, help="Wait, and print the run's events as they come.")
@option("--timeout", type=click.FloatRange(min=0), help="Seconds to wait at most.")
@option("--dry-run", is_flag=True, help="Check, and print what would be sent.")
@option(
    "--drop/--no-drop",
    default=None,
    help="Store it in any case, or not even while the broker is away.",
)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def go(
    common: Common,
    words: tuple[str, ...],
    recipes: tuple[str, ...],
    file: str | None,
    no_dcid: bool,
    reprocessing: bool,
    scaling: int | None,
    assignments: tuple[str, ...],
    priority: int,
    at: str | None,
    key: str,
    unchecked: bool,
    wait: bool,
    follow: bool,
    timeout: float | None,
    dry_run: bool,
    drop: bool | None,
    as_json: bool,
) -> None:
    """Start a run of recipes, merged into one, and print the run's id.

    What is wrong with the request is told before anything is sent. While the broker is
    away it is stored, for 'recado pickup' to send. A number as the argument is a data
    collection's ID if -r or -f name the recipe. With --wait the exit code is 1 if
    messages of the run became dead letters. With -v the request is shown first.
    """
    is_waiting = wait or follow
    if timeout is not None and not is_waiting:
        raise click.UsageError("--timeout needs --wait or --follow")
    if drop and is_waiting:
        raise click.UsageError("a request that is stored cannot be waited for")
    names, ids = recipes_and_ids(
        words,
        recipes,
        has_file=bool(file),
        is_without_id=no_dcid,
        is_reprocessing=reprocessing,
    )
    if scaling is not None:
        ids[SCALING] = scaling
    start_at = None if at is None else _moment(at)
    from recado_cli.go.submitting import Ask
    from recado_cli.go.watching import Wish

    ask = Ask.made(
        names,
        file,
        read_parameters(assignments, ids),
        common.settings(),
        is_unchecked=unchecked,
        start_at=start_at,
        idempotency_key=key,
        priority=priority,
    )
    if common.is_verbose:
        ask.tell()
    if dry_run:
        ask.show()
        return
    _go(ask.checked(), Wish(is_waiting, follow, timeout, as_json, drop))


def _go(ask: Ask, wish: Wish) -> None:
    from recado_cli.go.sending import submit_and_watch
    from recado_cli.session import wait_for

    wait_for(submit_and_watch(ask, wish))


def _moment(text: str) -> float:
    from recado.recipe.reading import MAX_DELAY_S
    from recado_cli.go.moment import moment

    now = datetime.now()
    try:
        at = moment(text, now)
    except ValueError as error:
        raise click.UsageError(f"--at: {error}") from error
    if at > now.timestamp() + MAX_DELAY_S:
        days = MAX_DELAY_S // 86_400
        raise click.UsageError(f"--at: {text!r} is more than {days:g} days ahead")
    return at


def read_parameters(
    assignments: Sequence[str], others: Mapping[str, Any] = MappingProxyType({})
) -> dict[str, Any]:
    """Return the parameters that are given as ``K=V``, or ``K:=JSON``, and the others.

    Raises:
        UsageError: for one that is neither, or a key that is given twice.
    """
    found = dict(others)
    for text in assignments:
        key, mark, value = text.partition("=")
        name = key.removesuffix(":")
        if not mark or not name:
            raise click.UsageError(f"--set takes K=V or K:=JSON, not {text!r}")
        if name in found:
            by = "an ID, and by --set as well" if name in others else "--set twice"
            raise click.UsageError(f"{name!r} is given by {by}")
        found[name] = value if name == key else _from_json(name, value)
    return found


def _from_json(name: str, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--set {name}: not JSON: {text!r}: {error}") from error
