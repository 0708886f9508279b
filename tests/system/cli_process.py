"""The command as processes of their own, and ways to wait for what they do."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import Any

RECIPES = Path(__file__).parents[2] / "recipes"
PATIENCE_S = 30


def variables(folder: Path) -> dict[str, str]:
    """Return the variables of a process that works in a folder of its own."""
    kept = {key: it for key, it in os.environ.items() if not key.startswith("RECADO_")}
    return kept | {
        "RECADO_STATE": str(folder / "state"),
        "RECADO_RECIPES": str(RECIPES),
        "RECADO_GRACE_S": "5",
    }


def start(
    folder: Path, *args: str, stdout: int = subprocess.PIPE, **more: Any
) -> subprocess.Popen[str]:
    """Start the command."""
    return subprocess.Popen(
        [sys.executable, "-m", "recado_cli", *args],
        cwd=folder,
        env=variables(folder),
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        stdout=stdout,
        **more,
    )


def run(folder: Path, *args: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, with more variables."""
    return subprocess.run(
        [sys.executable, "-m", "recado_cli", *args],
        cwd=folder,
        env=variables(folder) | more,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


class Up:
    """A suite that runs, and the log it wrote so far."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.log: list[dict[str, Any]] = []

    def until(self, is_it: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Read the log until a line fits; fails if the log ends before."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.log.append(json.loads(line))
            if is_it(self.log[-1]):
                return self.log[-1]
        error = self.process.stderr.read() if self.process.stderr else ""
        raise AssertionError(f"the log ended: {self.log[-3:]} {error}")

    def until_event(self, name: str) -> dict[str, Any]:
        """Read the log until an event."""
        return self.until(lambda line: line["event"] == name)

    def pids(self) -> list[int]:
        """Return the services' process ids, by the names of their instances."""
        instances = [
            str(line["instance"])
            for line in self.log
            if line["event"] == "service.ready"
        ]
        return [int(name.rpartition(".")[2]) for name in instances]

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal, read the log to its end, and return the exit code."""
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=PATIENCE_S)
        self.log += [json.loads(line) for line in out.splitlines()]
        return self.process.returncode


@contextmanager
def up(folder: Path, *args: str) -> Generator[Up]:
    """Have a suite run, ready, for the length of the block."""
    process = start(folder, "up", "--log-format", "json", *args)
    suite = Up(process)
    try:
        suite.until_event("up.ready")
        yield suite
        if process.poll() is None:
            suite.end()
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def gone(pids: Iterable[int]) -> bool:
    """Wait until processes are gone; return whether they all are, in time."""
    return all(_gone(pid) for pid in pids)


def _gone(pid: int) -> bool:
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        ready, _, _ = select.select([handle], [], [], PATIENCE_S)
    finally:
        os.close(handle)
    return bool(ready)
