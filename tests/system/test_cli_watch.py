"""Watching an installation: on a terminal, and as lines."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.system.cli_process import PATIENCE_S, run, start, up, variables

_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """A terminal of some size, and the command on it."""

    def __init__(self, handle: int, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.seen = ""
        self._handle = handle

    def until(self, text: str) -> None:
        """Read what is drawn until it has a text in it; fails if it does not come."""
        end = time.monotonic() + PATIENCE_S
        while text not in _CODES.sub("", self.seen):
            assert time.monotonic() < end, f"no {text!r} in {self.seen[-2000:]!r}"
            self._read()

    def press(self, keys: str) -> None:
        """Press keys."""
        os.write(self._handle, keys.encode())

    def end(self) -> int:
        """Read to the end, and return the exit code."""
        while self.process.poll() is None:
            self._read()
        return self.process.returncode

    def _read(self) -> None:
        ready, _, _ = select.select([self._handle], [], [], 0.5)
        if ready:
            try:
                self.seen += os.read(self._handle, 65_536).decode(errors="replace")
            except OSError:
                self.process.wait(PATIENCE_S)


@contextmanager
def terminal(folder: Path, *args: str, width: int) -> Generator[Terminal]:
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, width, 0, 0))
    process = subprocess.Popen(
        [sys.executable, "-m", "recado_cli", *args],
        cwd=folder,
        env=variables(folder) | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        os.close(ours)


@pytest.fixture(scope="module")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Generator[Path]:
    """The folder of a suite without most of its services."""
    folder = tmp_path_factory.mktemp("suite")
    with up(folder, "--only", "hello,rehearsal"):
        yield folder


@pytest.mark.parametrize("width", [60, 130])
def test_a_terminal_shows_who_is_there_until_q_is_pressed(
    suite: Path, width: int
) -> None:
    with terminal(suite, "status", "--watch", width=width) as screen:
        screen.until("q quits")
        screen.until("hello")
        screen.until("idle")
        screen.until("not answering: deadletter, eventstore, registry")
        screen.press("xq")
        code = screen.end()

    assert code == 0
    assert ("VERSION" in screen.seen) is (width == 130)
    # The screen that was there before is there again.
    assert "\x1b[?1049l" in screen.seen


def test_ctrl_c_gives_the_terminal_back(suite: Path) -> None:
    with terminal(suite, "status", "--watch", width=100) as screen:
        screen.until("hello")
        screen.process.send_signal(signal.SIGINT)
        code = screen.end()

    assert code == 130
    assert "\x1b[?1049l" in screen.seen
    assert "Traceback" not in screen.seen


def test_changes_are_told_as_lines(suite: Path) -> None:
    process = start(suite, "status", "--watch", "--json")
    assert process.stdout is not None

    def until(**facts: Any) -> dict[str, Any]:
        assert process.stdout is not None
        for line in process.stdout:
            change: dict[str, Any] = json.loads(line)
            if facts.items() <= change.items():
                return change
        raise AssertionError(f"it ended without {facts}")

    until(change="instance", service="rehearsal", state="idle")
    run(suite, "shutdown", "--no-wait", "-s", "rehearsal")
    until(change="instance", service="rehearsal", state="ended")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE_S)

    assert (process.returncode, err) == (130, "")


def test_without_a_terminal_changes_are_lines_for_people(suite: Path) -> None:
    process = start(suite, "status", "--watch")
    assert process.stdout is not None

    lines = iter(process.stdout.readline, "")
    line = next(each for each in lines if " hello " in each)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=PATIENCE_S)

    assert re.fullmatch(r"\d\d:\d\d:\d\d hello \S+: idle\n", line)
