"""``recado expand verify``: whether a study can be run, and in which orders."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from recado_cli.common import Command, option
from recado_cli.expand.participants import FIRST_FIVE, meant, participants_options
from recado_cli.expand.reading import read_study
from recado_cli.output import count, print_json, print_table, talk

if TYPE_CHECKING:
    from recado_experiment import Ranges, Verdict

MOST: Final = 100_000
"""Participants whose blocks one table shows."""


@click.command(cls=Command)
@click.argument("config", metavar="CONFIG", type=click.Path())
@participants_options
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(
    config: str, participant: int | None, ranges: Ranges | None, as_json: bool
) -> None:
    """Check a configuration, and show the blocks of its first five participants.

    CONFIG is a file, or - for standard in. The exit code is 1 if one of the participants
    cannot be served.
    """
    from recado_cli.failing import FailedError
    from recado_experiment import verify as verified

    participants = meant(participant, ranges, FIRST_FIVE)
    if len(participants) > MOST:
        raise click.UsageError(
            f"{len(participants)} participants; {MOST} at once at most",
            click.get_current_context(),
        )
    study = read_study(config)
    verdicts = list(verified(study, participants))
    for warning in study.warnings:
        talk(f"warning: {warning}")
    if as_json:
        print_json([_told(each) for each in verdicts])
    else:
        _print(verdicts)
    problems = [str(problem) for each in verdicts for problem in each.problems]
    if problems:
        failed = sum(not each.is_fine for each in verdicts)
        said = f"{config}: {count(failed, 'participant')} cannot be served"
        raise FailedError("\n".join([said, *problems]))


def _print(verdicts: Sequence[Verdict]) -> None:
    """Print a row for each participant, and a column for each place."""
    length = max((len(each.names) for each in verdicts), default=0)
    print_table(
        ["participant", *map(str, range(1, length + 1))],
        [
            [each.participant, *each.names, *[None] * (length - len(each.names))]
            for each in verdicts
        ],
    )


def _told(verdict: Verdict) -> dict[str, Any]:
    return {
        "participant": verdict.participant,
        "blocks": list(verdict.names),
        "problems": [
            {"path": each.path, "text": each.text} for each in verdict.problems
        ],
    }
