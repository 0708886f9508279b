"""Participants expanded per second, beside what experiment-server does with the file.

Run it with ``python -m benchmarks.expansion``. The config has 20 blocks in 4 groups of 5
and 20 ``choices`` calls. The ratio is that of one run: the two take turns, and the best
round of each counts.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

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
    """Return how many participants are expanded in a second."""
    begun = perf_counter()
    for participant in range(1, participants + 1):
        expand(participant)
    return participants / (perf_counter() - begun)


def peer(file: Path) -> Expand | None:
    """Return experiment-server's expansion of a file, if that package is here."""
    try:
        process = import_module("experiment_server._process_config")
    except ImportError:
        return None
    return lambda participant: process.process_config_file(file, participant, True)


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
    """Let both expand in turns; print the best rate of each, and the ratio."""
    study, other = Study.read(file.read_bytes(), file.name), peer(file)
    own_rate = other_rate = 0.0
    for _ in range(rounds):
        own_rate = max(own_rate, rate(study.expand, participants))
        if other:
            other_rate = max(other_rate, rate(other, max(participants // 50, 1)))
    print(f"recado             {own_rate:>9,.0f} participants/s")
    if other:
        print(f"experiment-server  {other_rate:>9,.0f} participants/s")
        print(f"ratio              {own_rate / other_rate:>9.1f}")
    else:
        print("experiment-server is not installed: no ratio")


if __name__ == "__main__":
    main()
