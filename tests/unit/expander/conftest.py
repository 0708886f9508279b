"""A recipe folder with a study in it, and expanders that read from there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from recado.config import Settings
from recado.envelope import Envelope
from recado.ids import derived_id
from recado.message import ID, Message
from recado.step import Step
from recado.testing import Harness
from recado_expander.expansion import LIMITS, Limits
from recado_expander.service import Expander

NOWHERE = "00000000-0000-0000-0000-000000000000"

STUDY = """
[configuration]
order = [["near", "far"]]
groups_strategy = "latin_square"
random_seed = 3

[[blocks]]
name = "near"
config = { distance = 1, side = { function_name = "choices", args = [["l", "r"]] } }

[[blocks]]
name = "far"
extends = "near"
config = { distance = 9 }
"""

MakeHarness: TypeAlias = Callable[..., Harness]
MakeStep: TypeAlias = Callable[..., Step]


@pytest.fixture
def recipes(tmp_path: Path) -> Path:
    folder = tmp_path / "recipes"
    folder.mkdir()
    (folder / "study.toml").write_text(STUDY)
    return folder


@pytest.fixture
def expander(tmp_path: Path, recipes: Path) -> MakeHarness:
    """Return what makes a harness around an expander, which does so much at once."""

    def make(limits: Limits = LIMITS, queues: Sequence[str] = ()) -> Harness:
        settings = Settings(state=tmp_path, recipes=recipes)
        return Harness(Expander(limits), settings=settings, queues=queues)

    return make


@pytest.fixture
def step() -> MakeStep:
    """Return what makes a step of a recipe that sends its output to a queue."""

    def make(parameters: object = None) -> Step:
        recipe = {
            "1": {"queue": "expander", "parameters": parameters, "output": 2},
            "2": {"queue": "next"},
        }
        message = Message(b"", {ID: derived_id(NOWHERE, "request")})
        return Step(message, Envelope(recipe, 1, [], {"ID": "run"}))

    return make
