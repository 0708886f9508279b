"""How long starting takes, and what an idle suite costs.

``recado --help`` from start to end; ``recado up`` on an empty folder until every service
is ready; then, after some seconds of rest, the memory of each service's process and the
share of one core that it uses with nothing to do.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, Final

_RECADO: Final = [sys.executable, "-m", "recado_cli"]
_REST_S: Final = 3.0
_IDLE_S: Final = 20.0
_TICK: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")


def help_s(times: int) -> float:
    """Return the median seconds of ``recado --help``."""
    took: list[float] = []
    script = Path(sys.executable).with_name("recado")
    for _ in range(times + 1):  # the first one fills the disk's cache
        began = time.perf_counter()
        subprocess.run([script, "--help"], check=True, capture_output=True)
        took.append(time.perf_counter() - began)
    return statistics.median(took[1:])


def up(recipes: Path) -> dict[str, float]:
    """Return the seconds until ``recado up`` is ready, and what its services then cost."""
    with tempfile.TemporaryDirectory() as folder:
        command = [*_RECADO, "up", "--state", folder, "--recipes", str(recipes)]
        began = time.perf_counter()
        suite = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        try:
            assert suite.stdout is not None
            _until_ready(suite.stdout)
            ready_s = time.perf_counter() - began
            return {"up_ready_s": ready_s} | _idle(suite.pid)
        finally:
            suite.send_signal(signal.SIGTERM)
            suite.communicate(timeout=60)


def _until_ready(output: IO[str]) -> None:
    for line in output:
        if "up.ready" in line:
            return
    raise RuntimeError("recado up ended before it was ready")


def _idle(supervisor: int) -> dict[str, float]:
    time.sleep(_REST_S)
    services = _children(supervisor)
    before = [_cpu_s(pid) for pid in services]
    time.sleep(_IDLE_S)
    used = [_cpu_s(pid) - was for pid, was in zip(services, before, strict=True)]
    return {
        "services": len(services),
        "memory_mib": max(map(_memory_mib, services)),
        "idle_percent": max(used) / _IDLE_S * 100,
        "idle_supervisor_mib": _memory_mib(supervisor),
    }


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    return [
        int(child)
        for task in tasks
        for child in (task / "children").read_text().split()
    ]


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def _memory_mib(pid: int) -> float:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE / 2**20


def measure() -> dict[str, float]:
    """Return all of it."""
    recipes = Path(__file__).parent.parent / "recipes"
    return {"help_s": help_s(10)} | up(recipes)


if __name__ == "__main__":
    for name, value in measure().items():
        print(f"{name:20} {value:10.3f}")
