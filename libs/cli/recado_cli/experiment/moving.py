"""``recado experiment next``, ``move``, ``add`` and ``abandon``: participants moved along."""

from __future__ import annotations

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.experiment.arguments import participant_option
from recado_cli.experiment.asking import done
from recado_cli.output import clean, talk


@click.command("next", cls=Command)
@click.argument("name", metavar="NAME")
@participant_option
@pass_common
def next_(common: Common, name: str, participant: int | None) -> None:
    """Move a participant of session NAME to the next block, and print its name or END."""
    block = done(common, lambda it, id_: it.move_to_next(name, participant, id_=id_))
    click.echo(clean(block))


@click.command(cls=Command)
@click.argument("name", metavar="NAME")
@click.argument("block", metavar="BLOCK", type=click.IntRange(min=0))
@participant_option
@option("--all", "is_all", is_flag=True, help="Everybody, those who have ended too.")
@pass_common
def move(
    common: Common, name: str, block: int, participant: int | None, is_all: bool
) -> None:
    """Move a participant of session NAME to a BLOCK, from 0, and print that."""
    if is_all and participant is not None:
        raise click.UsageError("give either -p N or --all", click.get_current_context())
    if is_all:
        moved = done(common, lambda it, id_: it.move_all_to_block(name, block, id_=id_))
    else:
        moved = done(
            common, lambda it, id_: it.move_to_block(name, block, participant, id_=id_)
        )
    click.echo(moved)


@click.command(cls=Command)
@click.argument("name", metavar="NAME")
@click.argument("number", metavar="[N]", type=click.IntRange(min=1), required=False)
@pass_common
def add(common: Common, name: str, number: int | None) -> None:
    """Add a participant to session NAME, and print the number.

    Without N it is whose turn it is. The exit code is 1 if N is there already.
    """
    if number is None:
        click.echo(done(common, lambda it, id_: it.new_participant(name, id_=id_)))
        return
    is_new = done(common, lambda it, id_: it.add_participant(name, number, id_=id_))
    if not is_new:
        from recado_cli.failing import FailedError

        raise FailedError(f"participant {number} is in {name} already")
    click.echo(number)


@click.command(cls=Command)
@click.argument("name", metavar="NAME")
@click.argument("number", metavar="N", type=click.IntRange(min=1))
@pass_common
def abandon(common: Common, name: str, number: int) -> None:
    """Count participant N of session NAME no more; their row is free for others.

    A move brings them back.
    """
    counted = done(
        common, lambda it, id_: it.abandon_participant(name, number, id_=id_)
    )
    if not counted:
        talk(f"participant {number} did not count any more")
