"""``recado topology``: plan what is to be on the broker, and make it so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Common, Group, option, pass_common, setting_option
from recado_cli.output import print_json

if TYPE_CHECKING:
    from recado.config import Settings
    from recado_cli.topology.applying import Consent, Outcome
    from recado_cli.topology.planning import Plan

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_FOLDER: Final = click.Path(path_type=Path, file_okay=False)

_file = click.argument("file", required=False, type=_FILE)
_users = option(
    "--user-config", type=_FOLDER, help="Folder of INI files, one for each user."
)
_management = setting_option(
    "--management", "RabbitMQ's management interface, as a URL."
)
_json = option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(cls=Group)
def topology() -> None:
    """Plan which queues are to be on the broker, and make them.

    FILE is a topology for RabbitMQ, in the form of zocalo.configure_rabbitmq. Without it
    the queues and topics are meant that recado's services need, on any broker.
    """


@topology.command()
@_file
@_users
@_management
@option("--exit-code", is_flag=True, help="Exit with 1 if there is something to do.")
@_json
@pass_common
def plan(
    common: Common,
    file: Path | None,
    user_config: Path | None,
    exit_code: bool,
    as_json: bool,
) -> None:
    """Show what differs between FILE and the broker, and change nothing."""
    from recado_cli.failing import FailedError
    from recado_cli.output import count
    from recado_cli.session import wait_for
    from recado_cli.topology.telling import print_plan, told

    _check(file, user_config)
    found = wait_for(_planned(common.settings(), file, user_config))
    if as_json:
        print_json([told(step) for step in found.steps])
    else:
        print_plan(found)
    if exit_code and found.steps:
        raise FailedError(f"{count(len(found.steps), 'step')} to do")


@topology.command()
@_file
@_users
@_management
@option(
    "--delete", is_flag=True, help="Delete what FILE does not name, if it is empty."
)
@option(
    "--delete-nonempty",
    is_flag=True,
    help="With --delete: queues that hold messages or are consumed as well.",
)
@option("--yes", is_flag=True, help="Do not ask.")
@_json
@pass_common
def apply(
    common: Common,
    file: Path | None,
    user_config: Path | None,
    delete: bool,
    delete_nonempty: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Make what is missing on the broker, and change what differs.

    The plan is shown first. The exit code is 1 if something is not as it is wanted
    afterwards; what is only superfluous does not count.
    """
    from recado_cli.session import wait_for
    from recado_cli.topology.applying import Consent
    from recado_cli.topology.telling import print_plan

    _check(file, user_config)
    if delete_nonempty and not delete:
        raise click.UsageError("--delete-nonempty goes with --delete")
    if as_json and not yes:
        raise click.UsageError("--json does not ask, so it goes with --yes")
    settings = common.settings()
    found = wait_for(_planned(settings, file, user_config))
    consent = Consent(superfluous=delete, nonempty=delete_nonempty)
    if not as_json:
        print_plan(found)
    if not yes and _would_change(found, consent):
        click.confirm("apply?", abort=True, err=True)
    if not found.steps and not as_json:
        return
    _tell(wait_for(_applied(settings, file, user_config, found, consent)), as_json)


def _check(file: Path | None, users: Path | None) -> None:
    if users is not None and file is None:
        raise click.UsageError("--user-config goes with the FILE of a topology")


def _would_change(plan: Plan, consent: Consent) -> bool:
    from recado_cli.topology.planning import Action

    deleted = (Action.DELETE,) if consent.superfluous else ()
    return bool(plan.of(Action.CREATE, Action.UPDATE, *deleted))


def _tell(outcome: Outcome, as_json: bool) -> None:
    from recado_cli.failing import FailedError
    from recado_cli.topology.planning import Action
    from recado_cli.topology.telling import talk_of, told_outcome

    if as_json:
        print_json(told_outcome(outcome))
    else:
        talk_of(outcome)
    if outcome.refused:
        raise FailedError("the broker refused a part of it")
    if any(step.action is Action.REPLACE for step in outcome.left):
        raise FailedError("a part of it cannot be changed")


async def _planned(settings: Settings, file: Path | None, users: Path | None) -> Plan:
    from recado_cli.topology.site import connected_site

    async with connected_site(settings, file, users) as site:
        return await site.plan()


async def _applied(
    settings: Settings,
    file: Path | None,
    users: Path | None,
    plan: Plan,
    consent: Consent,
) -> Outcome:
    from recado_cli.topology.site import connected_site

    async with connected_site(settings, file, users) as site:
        return await site.apply(plan, consent)
