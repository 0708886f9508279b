"""``recado service``: one service in the foreground."""

from __future__ import annotations

import click

from recado_cli.common import Command, Common, option, pass_common, serving_options
from recado_cli.completing import service_names


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
    common: Common, name: str | None, named: str | None, parent_fd: int | None
) -> int:
    """Run one service in the foreground, until a signal drains it.

    NAME is a service's name or how it begins. Exit code 3 means that something which was
    held had to be put back, since no time was left to finish it.
    """
    given = {each for each in (name, named) if each}
    if len(given) != 1:
        raise click.UsageError(_wrong(given), click.get_current_context())
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
    return run_service(found, settings)


def _wrong(given: set[str]) -> str:
    if given:
        return f"one service at a time, not {' and '.join(sorted(given))}"
    return "which service? for example 'recado service expander'"
