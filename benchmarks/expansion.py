"""Participants expanded per second of one core, beside what experiment-server does.

Run it with ``python -m benchmarks.expansion``. The config has 20 blocks in 4 groups of 5
and 20 ``choices`` calls; recado reads it once. experiment-server reads the file for each
participant; how fast it is with tables that were read before is measured as well. The
ratios are those of one run: all take turns, and the best round of each counts. Seconds are
those of processor time, so that a busy machine makes less of a difference.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from copy import deepcopy
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import tomli

from recado_experiment import Study


def config() -> str:
    """Return the study that is measured: 10 base blocks and 10 that extend them."""
    names = [f"block{number}" for number in range(20)]
    order = [names[at : at + 5] for at in range(0, 20, 5)]
    head = f"""
[configuration]
order = {order}
groups_strategy = "latin_square"
within_groups_strategy = "randomize"
random_seed = 7

[configuration.variables]
POPULATION = ["north", "east", "south", "west", "up", "down"]
"""
    bases = [_base(number) for number in range(10)]
    return head + "".join(bases + [_child(number) for number in range(10, 20)])


def _base(number: int) -> str:
    return f"""
[[blocks]]
name = "block{number}"
[blocks.config]
trials = {number + 5}
label = "condition {number}"
speed = {number / 4}
feedback = true
targets = {{ function_name = "choices", args = {{ population = "$POPULATION", k = 2 }} }}
"""


def _child(number: int) -> str:
    return f"""
[[blocks]]
name = "block{number}"
extends = "block{number - 10}"
[blocks.config]
trials = {number + 5}
label = "condition {number}"
"""


Expand = Callable[[int], object]


def rate(expand: Expand, participants: int) -> float:
    """Return how many participants are expanded in a second of processor time."""
    begun = process_time()
    for participant in range(1, participants + 1):
        expand(participant)
    return participants / (process_time() - begun)


def peers(file: Path) -> dict[str, Expand]:
    """Return experiment-server's expansions, by what is measured, if that package is here."""
    try:
        process = import_module("experiment_server._process_config")
    except ImportError:
        return {}
    tables = tomli.loads(file.read_text())
    return {
        "experiment-server, reading each time": (
            lambda participant: process.process_config_file(file, participant, True)
        ),
        "experiment-server, without reading": (
            lambda participant: process._process_config(
                deepcopy(tables), participant, True
            )
        ),
    }


def main() -> None:
    """Measure and print."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--participants", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        file = Path(folder, "study.toml")
        file.write_text(config())
        measure(file, options.participants, options.rounds)


def measure(file: Path, participants: int, rounds: int) -> None:
    """Let all expand in turns; print the best rate of each, and how much less that is."""
    study, others = Study.read(file.read_bytes(), file.name), peers(file)
    best = dict.fromkeys(["recado", *others], 0.0)
    for _ in range(rounds):
        best["recado"] = max(best["recado"], rate(study.expand, participants))
        for name, expand in others.items():
            best[name] = max(best[name], rate(expand, max(participants // 50, 1)))
    for name, found in best.items():
        ratio = f"  {best['recado'] / found:>6.1f} times less" if name in others else ""
        print(f"{name:<36}  {found:>9,.0f} participants/s{ratio}")
    if not others:
        print("experiment-server is not installed: no ratio")


if __name__ == "__main__":
    main()
