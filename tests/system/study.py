"""A study recipe for the system tests: the expander, then a service of the test's choice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

STUDY = """
[configuration]
random_seed = 11
groups_strategy = "latin_square"
within_groups_strategy = "randomize"
order = [["warm", "cold"], ["loud", "quiet"]]

[configuration.variables]
SHAPES = { function_name = "choices", args = [["disc", "star", "cross", "ring", "bar"]] }

[[blocks]]
name = "warm"
[blocks.config]
trials = 4
shape = "$SHAPES"

[[blocks]]
name = "cold"
extends = "warm"
[blocks.config]
trials = 5

[[blocks]]
name = "loud"
extends = "warm"
[blocks.config]
trials = 6

[[blocks]]
name = "quiet"
extends = "loud"
[blocks.config]
trials = 7
"""


def write_recipes(folder: Path, queue: str, parameters: dict[str, Any]) -> None:
    """Write the study, and a recipe ``study`` that sends each participant to a queue."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "study.toml").write_text(STUDY)
    recipe: dict[str, Any] = {
        "1": {
            "queue": "expander",
            "parameters": {"study": "study.toml", "participants": "{participants}"},
            "output": 2,
        },
        "2": {"queue": queue, "parameters": parameters},
        "start": [[1, {}]],
    }
    (folder / "study.json").write_text(json.dumps(recipe))
