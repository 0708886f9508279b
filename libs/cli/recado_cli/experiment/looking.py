"""``recado experiment ls``, ``show`` and ``config``: what there is, and where all stand."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.experiment.arguments import participant_option
from recado_cli.experiment.asking import asked
from recado_cli.output import clean, print_facts, print_json, print_table, talk, when

if TYPE_CHECKING:
    from recado.clients.experiments import Experiments
    from recado.schemas.experiments import PlaceEntry, SessionEntry, ShowReply


@click.command(cls=Command)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def ls(common: Common, as_json: bool) -> None:
    """List the sessions by name."""
    found = asked(common, _listed)
    if as_json:
        print_json(found)
        return
    print_table(
        ["experiment", "opened"], [[it.experiment, when(it.opened_at)] for it in found]
    )
    if not found:
        talk("no sessions; 'recado experiment open' opens one")


@click.command(cls=Command)
@click.argument("name", metavar="NAME")
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def show(common: Common, name: str, as_json: bool) -> None:
    """Show where everybody in session NAME stands."""
    found = asked(common, lambda experiments: _shown(experiments, name))
    if as_json:
        print_json(found)
    else:
        _print(found)
    if found.refused:
        talk(f"warning: {found.refused.study} cannot be used; the former study holds")
        for each in found.refused.problems:
            where = f"{each.path}: " if each.path else ""
            click.echo(clean(f"  {where}{each.text}"), err=True)


@click.command(cls=Command)
@click.argument("name", metavar="NAME")
@participant_option
@option("--all", "is_all", is_flag=True, help="The configs of all their blocks.")
@pass_common
def config(common: Common, name: str, participant: int | None, is_all: bool) -> None:
    """Print the config of the block that a participant of session NAME is in, as JSON."""
    if is_all:
        print_json(asked(common, lambda it: it.all_configs(name, participant)))
    else:
        print_json(asked(common, lambda it: it.config(name, participant)))


async def _listed(experiments: Experiments) -> list[SessionEntry]:
    page = await experiments.list()
    found = page.experiments
    while page.next is not None:
        page = await experiments.list(page.next)
        found += page.experiments
    return found


async def _shown(experiments: Experiments, name: str) -> ShowReply:
    """Return a session with everybody who is in it."""
    page = found = await experiments.show(name)
    participants = [*page.participants]
    while page.next is not None:
        page = await experiments.show(name, after=page.next)
        participants += page.participants
    return found.model_copy(update={"participants": participants, "next": None})


def _print(found: ShowReply) -> None:
    facts: list[tuple[str, object]] = [
        ("study", found.study),
        ("sha256", found.sha256),
        ("opened", when(found.opened_at)),
        ("default", found.default_participant),
        ("assignment", found.assignment),
    ]
    if found.abandoned_after_s is not None:
        limit = timedelta(seconds=found.abandoned_after_s)
        facts.append(("abandoned after", limit))
    print_facts(facts)
    click.echo()
    print_table(
        ["participant", "position", "blocks", "name", "state"],
        [
            [it.participant, it.position, it.length, it.name, _state(it)]
            for it in found.participants
        ],
    )


def _state(place: PlaceEntry) -> str:
    if place.is_abandoned:
        return "abandoned"
    if place.is_active:
        return "active"
    return "waiting" if place.position < 0 else "ended"
