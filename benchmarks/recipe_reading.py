"""How fast recipes are read and checked, beside python-workflows, and what a large one costs.

Both get the JSON text and end with a recipe that may run: ``Recipe.read`` here,
``Recipe(text).validate()`` there. They are measured in turns. What ours checks and theirs
does not is not taken out: every problem with its path, bounds, Unicode, unknown keys.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Final

from recado.recipe import Recipe, apply_parameters, check, declared_values, merge

_ROUNDS: Final = 7
_LARGE: Final = 5_000


def ten() -> dict[str, Any]:
    """Return a recipe of ten steps, as people write them: branches, channels, parameters."""
    step = {
        "queue": "processing.{beamline}",
        "service": "Per Image Analysis",
        "parameters": {"images": "{images}", "path": "{path}/run_{run:05d}", "n": 3},
    }
    steps: dict[str, Any] = {str(n): dict(step) for n in range(1, 11)}
    for n in range(1, 7):
        steps[str(n)]["output"] = {"every": [n + 1, n + 4], "last": n + 2}
    steps["7"]["error"] = 9
    return steps | {"start": [[1, {"a": [1, 2]}]], "error": [10]}


def chain(length: int) -> dict[str, Any]:
    """Return a recipe whose steps follow one another."""
    steps: dict[str, Any] = {
        str(n): {"queue": "q.{x}", "parameters": {"n": "{x}"}, "output": n + 1}
        for n in range(1, length + 1)
    }
    del steps[str(length)]["output"]
    return steps | {"start": [[1, {}]]}


def layers(count: int) -> dict[str, Any]:
    """Return a recipe of layers of two, each step sending to both of the next layer."""
    recipe: dict[str, Any] = {"start": [[1, {}], [2, {}]]}
    for n in range(1, 2 * count + 1):
        below = [n + 2 - (n + 1) % 2, n + 3 - (n + 1) % 2]
        recipe[str(n)] = {"queue": "q", "output": below if n < 2 * count - 1 else []}
    return recipe


def fan(count: int) -> dict[str, Any]:
    """Return a recipe whose first step sends to all others."""
    steps: dict[str, Any] = {
        str(n): {"queue": "q.{x}", "parameters": {"n": "{x}"}}
        for n in range(1, count + 1)
    }
    steps["1"]["output"] = list(range(2, count + 1))
    return steps | {"start": [[1, {}]]}


SHAPES: Final = {
    "10 steps": ten(),
    "chain of 300": chain(300),
    "12 layers of 2": layers(12),
    f"fan of {_LARGE}": fan(_LARGE),
}


def beside(document: dict[str, Any]) -> dict[str, float]:
    """Return the milliseconds of a reading with its check, ours and theirs."""
    peer = import_module("workflows.recipe.recipe").Recipe
    text = json.dumps(document)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(_ROUNDS):
        ours.append(took_ms(lambda: Recipe.read(text)))
        theirs.append(took_ms(lambda: peer(text).validate()))
    mine, other = min(ours), min(theirs)
    return {"ours_ms": mine, "theirs_ms": other, "ratio": other / mine}


def took_ms(work: Callable[[], object]) -> float:
    """Return the milliseconds of CPU that something takes, done as often as 20 ms allow."""
    times, spent = 0, 0.0
    began = time.process_time()
    while spent < 0.02:
        work()
        times += 1
        spent = time.process_time() - began
    return spent / times * 1e3


def large() -> dict[str, float]:
    """Return the milliseconds of each part of a large recipe's way to its messages."""
    declaration = {"properties": {"x": {"type": "integer", "default": 1}}}
    text = json.dumps(chain(_LARGE) | {"parameters": declaration})
    recipe = Recipe.read(text)
    values = declared_values(recipe, {}).parameters
    filled = apply_parameters(recipe, values)
    return {
        "read_ms": took_ms(lambda: Recipe.read(text)),
        "check_ms": took_ms(lambda: check(recipe)),
        "fill_ms": took_ms(lambda: apply_parameters(recipe, values)),
        "merge_ms": took_ms(lambda: merge(filled, filled)),
        "whole_ms": took_ms(lambda: _whole(text)),
    }


def _whole(text: str) -> Recipe:
    recipe = Recipe.read(text)
    return merge(apply_parameters(recipe, declared_values(recipe, {}).parameters))


def main() -> None:
    """Measure and print."""
    for name, document in SHAPES.items():
        figures = beside(document)
        print(
            f"{name:16} ours {figures['ours_ms']:8.3f} ms   "
            f"theirs {figures['theirs_ms']:9.3f} ms   ratio {figures['ratio']:8.2f}"
        )
    for name, value in large().items():
        print(f"chain of {_LARGE} {name:10} {value:8.1f}")


if __name__ == "__main__":
    main()
