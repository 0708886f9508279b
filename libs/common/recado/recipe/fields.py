"""What is wrong with a step's own fields, and what looks misspelt."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from recado.message import Json
from recado.recipe.policy import POLICY, policy_flaws
from recado.recipe.reading import (
    DELAY,
    KNOWN,
    MAX_DELAY_S,
    MAX_NAME,
    OUTPUT,
    PARAMETERS,
    ROUTES,
    seconds,
)
from recado.recipe.templates import is_template
from recado.recipe.values import Flaws, Trail, shown

_MAX_GUESSES: Final = 100
_UNCHECKED: Final = KNOWN - {*ROUTES, DELAY, OUTPUT, PARAMETERS, *POLICY}


class Fields:
    """The fields of a recipe's steps, looked at step by step."""

    def __init__(self, errors: Flaws, warnings: Flaws) -> None:
        self._errors = errors
        self._warnings = warnings
        self._guesses: dict[str, str | None] = {}

    def examine(self, fields: dict[str, Json], trail: Trail) -> None:
        """Note every problem of a step's fields; links are looked at elsewhere."""
        for key, value in fields.items():
            if key in _UNCHECKED:
                continue
            if key not in KNOWN:
                self._look_for_misspelling(key, (trail, key))
            elif value is not None:
                self._examine(key, value, (trail, key))
        if fields.get("queue") and fields.get("topic"):
            text = "both a queue and a topic: every message is sent to both"
            self._warnings.add(trail, text)

    def _examine(self, key: str, value: Json, trail: Trail) -> None:
        if key in ROUTES:
            if text := _route_fault(key, value):
                self._errors.add(trail, text)
        elif key == OUTPUT:
            self._look_for_nesting(value, trail)
        elif key == PARAMETERS:
            if not isinstance(value, dict) and not is_template(value):
                text = f"services expect an object, not {shown(value)}"
                self._warnings.add(trail, text)
        elif key == DELAY:
            if not is_template(value) and seconds(value) is None:
                text = f"a delay is seconds from 0 to {MAX_DELAY_S}, not {shown(value)}"
                self._errors.add(trail, text)
        else:
            self._errors.extend(policy_flaws(key, value, trail, templates=True))

    def _look_for_nesting(self, output: Json, trail: Trail) -> None:
        for channel, item in output.items() if isinstance(output, dict) else ():
            if isinstance(item, dict):
                text = "channels inside a channel: zocalo's services cannot send there"
                self._warnings.add((trail, channel), text)

    def _look_for_misspelling(self, key: str, trail: Trail) -> None:
        if key not in self._guesses and len(self._guesses) < _MAX_GUESSES:
            self._guesses[key] = _guess(key)
        if meant := self._guesses.get(key):
            text = f"unknown key {shown(key)}; did you mean {meant!r}?"
            self._warnings.add(trail, text)


def _route_fault(key: str, value: Json) -> str:
    if not isinstance(value, str) or not value:
        got = "empty" if value == "" else shown(value)
        return f"a {key} is named by a text, not {got}"
    # No character has more than four bytes.
    if len(value) * 4 <= MAX_NAME or "{" in value or len(value.encode()) <= MAX_NAME:
        return ""
    return f"a name has at most {MAX_NAME} bytes"


def _guess(key: str) -> str | None:
    word = _spelt(key[:40])
    near = get_close_matches(word, _SPELT, n=1, cutoff=0.8)
    # 'job_parameters' is a key of its own, 'parameter' and 'timeout' hardly are.
    return _SPELT[near[0]] if near and abs(len(near[0]) - len(word)) <= 2 else None


def _spelt(key: str) -> str:
    return key.lower().replace("_", "-")


_SPELT: Final = {_spelt(key): key for key in KNOWN}
