"""``recado shutdown``: have instances end, and see that they do."""

from __future__ import annotations

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.completing import service_names


@click.command(cls=Command)
@click.argument("instances", metavar="[INSTANCE...]", nargs=-1)
@option(
    "-s",
    "--service",
    "services",
    metavar="NAME",
    multiple=True,
    shell_complete=service_names,
    help="All instances of a service; none for Zocalo's without any. May be repeated.",
)
@option("--all", "is_all", is_flag=True, help="Every instance there is.")
@option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=60.0,
    help="Seconds that they may take to end.",
)
@option("--no-wait", is_flag=True, help="Send the command, and ask and await nothing.")
@option("--json", "as_json", is_flag=True, help="Print JSON lines.")
@pass_common
def shutdown(
    common: Common,
    instances: tuple[str, ...],
    services: tuple[str, ...],
    is_all: bool,
    timeout: float,
    no_wait: bool,
    as_json: bool,
) -> None:
    """Have instances finish what they hold and end, recado's and Zocalo's.

    INSTANCE is its name as 'recado status' shows it: the host, reversed, and the process
    id. The exit code is 1 if nobody is called so, or if one has not ended in time.
    """
    if bool(instances or services) == is_all:
        raise click.UsageError(
            "say whom: INSTANCE..., -s NAME, or --all", click.get_current_context()
        )
    if no_wait and is_all:
        raise click.UsageError("--all asks who is there; --no-wait asks nothing")
    from recado_cli.session import wait_for
    from recado_cli.shutdown.stopping import send_shutdown, stop

    settings = common.settings()
    if no_wait:
        wait_for(send_shutdown(settings, instances, services))
    else:
        wait_for(
            stop(settings, instances, services, timeout_s=timeout, as_json=as_json)
        )
