"""Every measurement in one run, each beside what it should be: ``python -m benchmarks``.

Rates are compared as ratios, measured in turns in the same run, since machines are noisy.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks import (
    dispatching,
    fan_out,
    network_fan_out,
    network_relay,
    relay,
    starting,
)
from tests.brokers import ActiveMQ, RabbitMQ, Server

Target = tuple[str, float]
_TARGETS: Final[dict[str, Target]] = {
    "relay rate_ratio": ("at least", 0.6),
    "fan-out rate_ratio": ("at least", 0.6),
    "rabbitmq relay rate_ratio": ("at least", 0.9),
    "rabbitmq relay cpu_ratio": ("at most", 1.2),
    "rabbitmq fan-out rate_ratio": ("at least", 0.9),
    "dispatcher rate_ratio": ("at least", 5.0),
    "start help_s": ("at most", 0.2),
    "start up_ready_s": ("at most", 3.0),
    "start memory_mib": ("at most", 60.0),
    "start idle_percent": ("at most", 1.0),
}
_MODULES: Final = (
    ("event_append",),
    ("expansion",),
    ("expander_service", "100000"),
    ("recipe_reading",),
    ("sessions",),
)
"""Modules that print for themselves, and their arguments."""


def show(name: str, figures: Mapping[str, float]) -> None:
    """Print figures, each with its target if it has one."""
    for key, value in figures.items():
        line = f"{name + ' ' + key:34} {value:12.3f}"
        if target := _TARGETS.get(f"{name} {key}"):
            kept = value >= target[1] if target[0] == "at least" else value <= target[1]
            line += f"   {target[0]} {target[1]:g}: {'yes' if kept else 'NO'}"
        print(line, flush=True)


def network(server: Server, loop: str, name: str) -> None:
    """Measure a network broker, with one, two and four instances of each step."""
    show(f"{name} relay", network_relay.measure(server, loop, count=5_000, rounds=3))
    for instances in (2, 4):
        figures = network_relay.measure(server, loop, 5_000, 1, instances)
        show(f"{name} relay x{instances}", figures)
    show(f"{name} fan-out", network_fan_out.measure(server, loop, times=5))


def main() -> None:
    """Measure and print."""
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )
    show("relay", relay.measure(count=20_000, rounds=3))
    show("fan-out", fan_out.measure(times=9))
    show("start", starting.measure())
    with TemporaryDirectory() as folder, RabbitMQ(Path(folder)) as rabbitmq:
        network(rabbitmq, "rabbitmq", "rabbitmq")
        show("dispatcher", dispatching.measure(rabbitmq))
    with TemporaryDirectory() as folder, ActiveMQ(Path(folder)) as activemq:
        network(activemq, "stomp", "activemq")
    for module, *given in _MODULES:
        print(f"\n{module}", flush=True)
        command = [sys.executable, "-m", f"benchmarks.{module}", *given]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
