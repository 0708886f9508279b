"""``recado expand diff``: what a change of a configuration does to participants."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import Command, option
from recado_cli.expand.participants import FIRST_FIVE, meant, participants_options
from recado_cli.expand.reading import read_study
from recado_cli.output import count, print_json, print_table, talk

if TYPE_CHECKING:
    from recado_experiment import Difference, Ranges

MOST: Final = 1_000
"""Differences that are shown."""


@click.command(cls=Command)
@click.argument("old", metavar="OLD", type=click.Path())
@click.argument("new", metavar="NEW", type=click.Path())
@participants_options
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def diff(
    old: str, new: str, participant: int | None, ranges: Ranges | None, as_json: bool
) -> None:
    """Show where two configurations give participants different blocks.

    The first five participants are compared if no others are named. Files, or - for
    standard in. The exit code is 1 if something differs.
    """
    from recado_cli.failing import FailedError
    from recado_experiment import differences

    if old == new == "-":
        raise click.UsageError(
            "one of the two may be standard in, not both", click.get_current_context()
        )
    participants = meant(participant, ranges, FIRST_FIVE)
    found = differences(read_study(old), read_study(new), participants)
    shown = list(islice(found, MOST))
    more = next(found, None) is not None
    _print(shown, as_json)
    if not shown:
        talk(f"the same blocks for {count(len(participants), 'participant')}")
        return
    people = len({it.participant for it in shown})
    rest = "; there are more" if more else ""
    raise FailedError(
        f"{count(len(shown), 'value')} of {count(people, 'participant')} differ{rest}"
    )


def _print(shown: Sequence[Difference], as_json: bool) -> None:
    if as_json:
        print_json(
            [
                {
                    "participant": it.participant,
                    "path": it.path,
                    "old": it.old,
                    "new": it.new,
                }
                for it in shown
            ]
        )
    elif shown:
        print_table(
            ["participant", "path", "old", "new"],
            [
                [it.participant, it.path, json.dumps(it.old), json.dumps(it.new)]
                for it in shown
            ],
        )
