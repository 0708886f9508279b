"""Which participants are meant: ``-i`` for one of them, ``-r`` for many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from recado_cli.common import F, option

if TYPE_CHECKING:
    from recado_experiment import Ranges

FIRST_FIVE: Final = "1-5"
"""Whom the commands look at if nobody is named, as experiment-server does."""


def participants_options(command: F) -> F:
    """Add ``-i`` and ``-r``, under the long names that experiment-server has as well."""
    one = option(
        "-i",
        "--participant",
        "--participant-index",
        "participant",
        type=click.IntRange(min=1),
        help="One participant.",
    )
    many = option(
        "-r",
        "--range",
        "--participant-range",
        "ranges",
        metavar="RANGES",
        callback=_ranges,
        help="N for 1 to N, or 1-50,60.",
    )
    return one(many(command))


def meant(participant: int | None, ranges: Ranges | None, usual: str = "") -> Ranges:
    """Return the participants that the two options name, or else the usual ones.

    Raises:
        UsageError: if both are given, or neither and there are no usual ones.
    """
    from recado_experiment import Ranges, parse_ranges

    if ranges is not None and participant is None:
        return ranges
    if participant is not None and ranges is None:
        return Ranges((range(participant, participant + 1),))
    if participant is None and usual:
        return parse_ranges(usual)
    raise click.UsageError("give either -i N or -r RANGES", click.get_current_context())


def _ranges(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> Ranges | None:
    """Read ``1-50,60``; a lone number is as many participants, from the first."""
    from recado_experiment import StudyError, parse_ranges

    if value is None:
        return None
    text = value.strip()
    is_number = text.isascii() and text.isdecimal() and text.strip("0") != ""
    try:
        return parse_ranges(f"1-{text}" if is_number else text)
    except StudyError as error:
        said = "; ".join(each.text for each in error.problems)
        raise click.BadParameter(said, ctx, param) from error
