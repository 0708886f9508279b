"""The page on sessions names every action, code and event."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recado.requests import code_of
from recado.schemas import experiments
from recado.studies import UnusableError
from recado_expander.sessions import errors
from recado_expander.sources import RegistryAwayError
from recado_experiment.session import (
    InactiveError,
    OutOfRangeError,
    UnknownParticipantError,
)
from recado_experiment.session import fact as facts

PAGE = (Path(__file__).parents[4] / "docs/reference/experiments.md").read_text("utf-8")
ROWS = set(re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE))

ACTIONS = [
    value.removeprefix("experiment.").removesuffix("/1")
    for value in vars(experiments).values()
    if isinstance(value, str) and re.fullmatch(r"experiment\.[a-z-]+/1", value)
]
TYPES = [
    value
    for value in vars(facts).values()
    if isinstance(value, str)
    and re.fullmatch(r"(experiment|participants?)\.\w+", value)
]


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_is_on_the_page(action: str) -> None:
    assert action in ROWS


@pytest.mark.parametrize("type_", TYPES)
def test_every_event_is_on_the_page(type_: str) -> None:
    assert type_ in ROWS


@pytest.mark.parametrize(
    "error",
    [
        UnknownParticipantError("?"),
        OutOfRangeError("?"),
        InactiveError("?"),
        UnusableError("?"),
        RegistryAwayError("?"),
        errors.AlreadyOpenError("?"),
        errors.ContestedError("?"),
        errors.UnavailableError("?"),
        errors.UnreadableError("?"),
    ],
    ids=code_of,
)
def test_every_refusal_is_on_the_page(error: Exception) -> None:
    assert code_of(error) in ROWS
