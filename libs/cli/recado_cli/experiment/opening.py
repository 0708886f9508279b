"""``recado experiment open`` and ``configure``: a session, and the study it goes by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from recado_cli.common import Command, Common, option, pass_common
from recado_cli.duration import duration
from recado_cli.experiment.arguments import given_study, study_arguments
from recado_cli.experiment.asking import done
from recado_cli.output import print_facts, print_json, talk

if TYPE_CHECKING:
    from recado.schemas.experiments import Assignment, ConfigureReply, OpenReply


def _seconds(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> float | None:
    if value is None:
        return None
    length = duration(value)
    if not length:
        said = f"a length of time is 90s, 10m or 1h30m; not {value!r}"
        raise click.BadParameter(said, ctx, param)
    return length.total_seconds()


@click.command("open", cls=Command)
@click.argument("name", metavar="NAME")
@study_arguments
@option(
    "--default",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="Who is meant if nobody is named.",
)
@option(
    "--assignment",
    type=click.Choice(["next", "completion"]),
    default="next",
    show_default=True,
    help="Who comes next: one above the highest, or one of the row fewest are in.",
)
@option(
    "--abandoned-after",
    metavar="TIME",
    callback=_seconds,
    help="With completion: who has not moved for so long counts no more; 1h30m.",
)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def open_(
    common: Common,
    name: str,
    study: str | None,
    file: str | None,
    default: int,
    assignment: Assignment,
    abandoned_after: float | None,
    as_json: bool,
) -> None:
    """Open a session NAME with a study.

    STUDY is a file's path in the recipe folder, or a name such as reading@1.2. A session
    that was opened in the same way before is left as it is.
    """
    if abandoned_after is not None and assignment != "completion":
        raise click.UsageError(
            "--abandoned-after needs --assignment completion",
            click.get_current_context(),
        )
    given = given_study(study, file)
    reply = done(
        common,
        lambda it, id_: it.open(
            name,
            **given,
            default_participant=default,
            assignment=assignment,
            abandoned_after_s=abandoned_after,
            id_=id_,
        ),
    )
    _print(reply, as_json)
    if not reply.is_new:
        talk(f"{name} was open already, in the same way")


@click.command(cls=Command)
@click.argument("name", metavar="NAME")
@study_arguments
@option("--json", "as_json", is_flag=True, help="Print JSON.")
@pass_common
def configure(
    common: Common, name: str, study: str | None, file: str | None, as_json: bool
) -> None:
    """Have session NAME go by another study; everybody stays where they are.

    STUDY is a file's path in the recipe folder, or a name such as reading@1.2.
    """
    given = given_study(study, file)
    reply = done(common, lambda it, id_: it.configure(name, **given, id_=id_))
    _print(reply, as_json)
    if not reply.is_new:
        talk(f"{name} went by that study already")


def _print(reply: OpenReply | ConfigureReply, as_json: bool) -> None:
    if as_json:
        print_json(reply)
    else:
        print_facts([("study", reply.study), ("sha256", reply.sha256)])
