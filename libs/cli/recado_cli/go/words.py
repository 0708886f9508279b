"""What the words behind ``recado go`` are: recipes, or the ID that Zocalo's go takes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import click

DCID: Final = "ispyb_dcid"
PROCESS: Final = "ispyb_process"
SCALING: Final = "ispyb_autoprocscalingid"
IDS: Final = (DCID, PROCESS, SCALING)
"""Zocalo's parameters for the IDs that may be given."""

_NUMBER: Final = re.compile(r"[0-9]{1,18}")


def recipes_and_ids(
    words: Sequence[str],
    named: Sequence[str],
    *,
    has_file: bool = False,
    is_without_id: bool = False,
    is_reprocessing: bool = False,
) -> tuple[list[str], dict[str, int]]:
    """Return the recipes' names, and the parameters that the IDs go into.

    ``words`` are the arguments, ``named`` what ``-r`` names. A number is an ID where the
    recipe is given otherwise, and a recipe's name where it is not.

    Raises:
        UsageError: for words that are neither, or say too much or too little.
    """
    takes_id = bool(named) or has_file or is_reprocessing
    numbers = [each for each in words if takes_id and _NUMBER.fullmatch(each)]
    names = [each for each in words if each not in numbers]
    _check(numbers, is_without_id=is_without_id, is_reprocessing=is_reprocessing)
    if named and names:
        raise _misused(
            f"{names[0]!r} is no ID, which is a whole number above 0; "
            "recipes are named with -r or as arguments, not both"
        )
    if not (takes_id or names):
        raise _misused("which recipe? for example 'recado go study'")
    key = PROCESS if is_reprocessing else DCID
    return [*named, *names], {key: int(numbers[0])} if numbers else {}


def _check(
    numbers: Sequence[str], *, is_without_id: bool, is_reprocessing: bool
) -> None:
    if len(numbers) > 1:
        raise _misused(f"only one ID can be given, not {' and '.join(numbers)}")
    if any(int(each) == 0 for each in numbers):
        raise _misused("an ID is a whole number above 0, not 0")
    if numbers and is_without_id:
        raise _misused(f"--no-dcid, and ID {numbers[0]} as well; give one of them")
    if is_reprocessing and not numbers:
        raise _misused("which reprocessing? -p wants its ID as the argument")


def _misused(text: str) -> click.UsageError:
    return click.UsageError(text, click.get_current_context(silent=True))
