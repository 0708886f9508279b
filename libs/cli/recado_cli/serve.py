"""``recado service``: one service in the foreground."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Command, Common, option, pass_common, serving_options
from recado_cli.completing import service_names

if TYPE_CHECKING:
    from recado.config import Settings

LIVENESS_PORT: Final = 8000
"""Zocalo's port, where none is named."""


@click.command(cls=Command)
@click.argument("name", required=False, shell_complete=service_names)
@option(
    "-s",
    "--service",
    "named",
    metavar="NAME",
    shell_complete=service_names,
    help="The same as NAME.",
)
@option("-r", "--restart", is_flag=True, help="Start it again when it fails.")
@option("-d", "--debug", is_flag=True, help="The same as --log-level debug.")
@option(
    "--liveness",
    is_flag=True,
    help=f"The same as --health-port with the liveness port, {LIVENESS_PORT}.",
)
@option(
    "--liveness-port",
    type=click.IntRange(0, 65_535),
    help="The port for --liveness.",
)
@option(
    "--liveness-timeout",
    type=click.FloatRange(min=0),
    help="Taken, and not needed: the answer never waits.",
)
@serving_options
@click.option(
    "--parent-fd",
    type=click.IntRange(min=0),
    hidden=True,
    allow_from_autoenv=False,
    help="A pipe that the parent holds open as long as it lives.",
)
@pass_common
def service(
    common: Common,
    name: str | None,
    named: str | None,
    restart: bool,
    debug: bool,
    liveness: bool,
    liveness_port: int | None,
    liveness_timeout: float | None,
    parent_fd: int | None,
) -> int:
    """Run one service in the foreground, until a signal drains it.

    NAME is a service's name or how it begins. Exit code 3 means that something which was
    held had to be put back, since no time was left to finish it.
    """
    given = {each for each in (name, named) if each}
    if len(given) != 1:
        raise click.UsageError(_wrong(given), click.get_current_context())
    if liveness_port is not None and not liveness:
        raise click.UsageError("--liveness-port needs --liveness")
    if liveness:
        port = LIVENESS_PORT if liveness_port is None else liveness_port
        common.flags.setdefault("health_port", port)
    if debug:
        common.flags["log_level"] = "debug"
    settings = common.settings()
    if parent_fd is not None:
        from recado_cli.orphan import drain_without_parent

        drain_without_parent(parent_fd, settings.grace_s)
    from recado.discovery import find_service
    from recado.errors import ConfigError, NotFoundError
    from recado.runtime import run_service
    from recado.transport import make_transport

    try:
        found = find_service(given.pop(), settings.plugins)
    except NotFoundError as error:
        # A name that is none will be none the next time: nobody is to start it again.
        raise ConfigError(str(error)) from error
    make_transport(settings.broker)
    if restart:
        return asyncio.run(_supervised(common, settings, found.service_name()))
    return run_service(found, settings)


async def _supervised(common: Common, settings: Settings, name: str) -> int:
    from recado_cli.lines import Merged
    from recado_cli.up import drained_by_signals, line_format, make_supervisor

    write = Merged(sys.stdout, line_format(settings.log_format), width=len(name)).write
    supervisor = make_supervisor(common, settings, {name: 1}, write)
    with drained_by_signals(supervisor):
        return await supervisor.run()


def _wrong(given: set[str]) -> str:
    if given:
        return f"one service at a time, not {' and '.join(sorted(given))}"
    return "which service? for example 'recado service expander'"
