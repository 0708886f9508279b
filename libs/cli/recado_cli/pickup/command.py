"""``recado pickup``: send what ``recado go`` stored while the broker was away."""

from __future__ import annotations

from pathlib import Path

import click

from recado_cli.common import Command, Common, option, pass_common


@click.command(cls=Command)
@click.argument(
    "folder",
    required=False,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
)
@option(
    "-d",
    "--delay",
    "delay_s",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Seconds between two requests.",
)
@option(
    "-w",
    "--wait",
    "wait_s",
    type=click.FloatRange(min=0),
    default=0.0,
    help="Seconds to wait before the first.",
)
@option("--watch", is_flag=True, help="Go on, and send what is stored from now on.")
@option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@pass_common
def pickup(
    common: Common,
    folder: Path | None,
    delay_s: float,
    wait_s: float,
    watch: bool,
    as_json: bool,
) -> None:
    """Send the requests that were stored while the broker was away, the oldest first.

    FOLDER is the one that the setting 'drop' names, unless another is given. A request is
    deleted once the broker has it for sure. The exit code is 1 if one could not be sent;
    it stays where it is. With -v each request is shown before it is sent.
    """
    from recado_cli.pickup.picking import Manner, pick_up
    from recado_cli.session import wait_for

    settings = common.settings()
    manner = Manner(delay_s, wait_s, watch, as_json, common.is_verbose)
    wait_for(pick_up(folder or settings.drop, settings, manner))
