"""How a step is done: its retries, its time limit, its priority, whether it reports.

These keys are recado's own; other programs carry them along.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from difflib import get_close_matches
from typing import Final

from recado.message import HIGHEST, LOWEST, Json
from recado.recipe.templates import is_template
from recado.recipe.values import Flaw, Trail, shown

RETRY: Final = "retry"
TIMEOUT: Final = "timeout_s"
PRIORITY: Final = "priority"
REPORTS: Final = "reports"

MAX_S: Final = 366 * 24 * 3600
MAX_ATTEMPTS: Final = 10_000
MAX_FACTOR: Final = 100

_NUMBER: Final = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def number(value: Json) -> float | None:
    """Return a number, also of a text that holds one; none if it is something else."""
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        value = float(value) if "." in value else int(value)
    return (
        None if isinstance(value, bool) or not isinstance(value, int | float) else value
    )


def policy_flaws(
    key: str, value: Json, trail: Trail, *, templates: bool
) -> Iterator[Flaw]:
    """Yield what is wrong with the value of one of these keys.

    Where ``templates`` are allowed, a text with one of them is still to be filled in.
    """
    if templates and is_template(value):
        return
    if key == RETRY:
        yield from _retry_flaws(value, trail, templates=templates)
    elif not POLICY[key](value):
        yield Flaw(trail, f"{_WORDS[key]}, not {shown(value)}")


def policy_value(key: str, value: Json) -> Json:
    """Return such a value as it travels: a text that holds a number is that number."""
    if isinstance(value, dict):
        return {name: policy_value(name, item) for name, item in value.items()}
    found = number(value)
    return value if found is None else found


def _retry_flaws(value: Json, trail: Trail, *, templates: bool) -> Iterator[Flaw]:
    if not isinstance(value, dict):
        keys = ", ".join(_RETRY)
        yield Flaw(trail, f"is an object of {keys}, not {shown(value)}")
        return
    for name, item in value.items():
        if name not in _RETRY:
            near = get_close_matches(name[:20], _RETRY, n=1)
            guess = (
                f"did you mean {near[0]!r}?" if near else f"known: {', '.join(_RETRY)}"
            )
            yield Flaw((trail, name), f"unknown key {shown(name)}; {guess}")
        elif not (templates and is_template(item)) and not _RETRY[name](item):
            yield Flaw((trail, name), f"{_WORDS[name]}, not {shown(item)}")


def _within(least: float, most: float) -> Callable[[Json], bool]:
    def is_within(value: Json) -> bool:
        found = number(value)
        return found is not None and least <= found <= most

    return is_within


def _whole(least: int, most: int) -> Callable[[Json], bool]:
    def is_whole(value: Json) -> bool:
        found = number(value)
        return isinstance(found, int) and least <= found <= most

    return is_whole


def _is_timeout(value: Json) -> bool:
    return bool(number(value)) and _within(0, MAX_S)(value)


_RETRY: Final[Mapping[str, Callable[[Json], bool]]] = {
    "attempts": _whole(1, MAX_ATTEMPTS),
    "first_s": _within(0, MAX_S),
    "factor": _within(1, MAX_FACTOR),
    "cap_s": _within(0, MAX_S),
    "jitter": _within(0, 1),
}
POLICY: Final[Mapping[str, Callable[[Json], bool]]] = {
    RETRY: lambda value: isinstance(value, dict),
    TIMEOUT: _is_timeout,
    PRIORITY: _whole(LOWEST, HIGHEST),
    REPORTS: lambda value: isinstance(value, bool),
}
"""Each key, and what says whether a value is one."""

_WORDS: Final = {
    "attempts": f"a number of attempts is an integer from 1 to {MAX_ATTEMPTS}",
    "first_s": f"a wait is seconds from 0 to {MAX_S}",
    "factor": f"a factor is a number from 1 to {MAX_FACTOR}",
    "cap_s": f"a wait is seconds from 0 to {MAX_S}",
    "jitter": "jitter is a share from 0 to 1",
    TIMEOUT: f"a time limit is seconds above 0, up to {MAX_S}",
    PRIORITY: f"a priority is an integer from {LOWEST} to {HIGHEST}",
    REPORTS: "whether the service reports is true or false",
}
