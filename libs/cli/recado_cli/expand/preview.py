"""``recado expand preview``: how balanced the orders of so many participants are."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from recado_cli.common import Command, option
from recado_cli.expand.reading import read_study
from recado_cli.output import count, print_facts, print_json, print_table, talk

if TYPE_CHECKING:
    from recado_experiment import Balance, Study

MOST: Final = 100_000
USUAL: Final = 100
"""Participants where nobody says how many and chance has a part: so many, or some more."""


@click.command(cls=Command)
@click.argument("config", metavar="CONFIG", type=click.Path())
@option(
    "-n",
    "--participants",
    type=click.IntRange(1, MOST),
    help="How many participants; one period, or about 100 if chance has a part.",
)
@option(
    "--svg",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="Draw the counts into a file as well.",
)
@option("--json", "as_json", is_flag=True, help="Print JSON.")
def preview(
    config: str, participants: int | None, svg: Path | None, as_json: bool
) -> None:
    """Count which block came in which place, and which after which.

    Init and final blocks, which do not move, are left out. There is a warning if the
    participants are no multiple of the period, after which the orders begin anew. CONFIG
    is a file, or - for standard in.
    """
    from recado_experiment import balance
    from recado_experiment.participants import Ranges

    study = read_study(config)
    number = participants or _usual(study)
    counted = balance(study, Ranges((range(1, number + 1),)))
    if as_json:
        print_json(_told(counted, study.period))
    else:
        _print(counted, study.period)
    if svg:
        from recado_cli.expand.picture import drawn
        from recado_cli.expand.writing import write_whole

        write_whole(svg, drawn(study.name, counted).encode())
        talk(f"drawn in {svg}")
    if rest := number % study.period:
        nearest = f"{number - rest} or " if number > rest else ""
        talk(
            f"warning: {count(number, 'participant')} are no multiple of the period,"
            f" {study.period}; take {nearest}{number - rest + study.period}"
        )


def _usual(study: Study) -> int:
    if not study.is_shuffled:
        return min(study.period, MOST)
    return min(-(-USUAL // study.period) * study.period, MOST)


def _told(counted: Balance, period: int) -> dict[str, Any]:
    return {
        "participants": counted.participants,
        "period": period,
        "blocks": counted.names,
        "places": counted.by_place,
        "is_even_in_places": counted.is_even_in_places,
        "followers": counted.by_follower,
        "is_even_in_followers": counted.is_even_in_followers,
    }


def _print(counted: Balance, period: int) -> None:
    print_facts(
        [
            ("participants", counted.participants),
            ("period", period),
            ("places", _evenness(counted.is_even_in_places)),
            ("followers", _evenness(counted.is_even_in_followers)),
        ]
    )
    click.echo("\nhow often each block was in each place")
    heads = [str(place) for place in range(1, counted.length + 1)]
    _print_counts(counted.names, heads, counted.by_place)
    click.echo("\nhow often a block (row) was followed by another (column)")
    _print_counts(counted.names, counted.names, counted.by_follower)


def _print_counts(
    names: Sequence[str], heads: Sequence[str], rows: Sequence[Sequence[int]]
) -> None:
    # A zero is what one looks for.
    print_table(
        ["block", *heads],
        [
            [name, *(number or "0" for number in row)]
            for name, row in zip(names, rows, strict=True)
        ],
    )


def _evenness(is_even: bool) -> str:
    return "all equally often" if is_even else "not equally often"
