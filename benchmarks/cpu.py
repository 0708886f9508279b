"""The CPU seconds that running processes have used, their children included."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

_TICK_S = 1 / os.sysconf("SC_CLK_TCK")


def used_s(processes: Iterable[int]) -> float:
    """Return the CPU seconds that processes, and all that they started, have used."""
    return sum(_own_s(process) + used_s(_children(process)) for process in processes)


def _own_s(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * _TICK_S


def _children(process: int) -> list[int]:
    tasks = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]
