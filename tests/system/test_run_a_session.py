"""The how-to page on sessions, done as it says from start to end."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import ExitStack
from pathlib import Path

import pytest

from recado_cli.main import main
from tests.page import Ids, blocks
from tests.system.cli_process import PATIENCE_S, Up, up, variables

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "run-a-session.md"
UP = "recado up"
SUITE = ("--only", "expander,eventstore,registry", "--recipes", "recipes")


class Reader:
    """Somebody with two terminals who does what the page says."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.terminal = ExitStack()
        self._capture = capture
        self._suite: Up | None = None
        self._ids = Ids()

    def enter(self, command: str, shown: list[str]) -> None:
        """Enter a command, and see what it prints."""
        if command == UP:
            self._suite = self.terminal.enter_context(up(self.folder, *SUITE))
        elif command == "^C":
            assert self._suite is not None
            assert self._suite.end(signal.SIGINT) == 0
        else:
            self._ids.compare(shown, self._printed(command))

    def _printed(self, command: str) -> str:
        name, *args = shlex.split(command)
        if name == "recado" and "|" not in args:
            # A process for each of them would take most of the test's time.
            code, printed = main(args), "".join(self._capture.readouterr())
        else:
            done = subprocess.run(
                ["sh", "-c", command],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=PATIENCE_S,
                check=False,
            )
            code, printed = done.returncode, done.stdout
        assert code == 0, f"{command}: {printed}"
        return printed


@pytest.fixture
def reader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Generator[Reader]:
    (tmp_path / "recipes").mkdir()
    monkeypatch.chdir(tmp_path)
    for name, value in variables(tmp_path).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    reader = Reader(tmp_path, capsys)
    with reader.terminal:
        yield reader


@pytest.mark.timeout(120)
def test_the_page_shows_what_happens(reader: Reader) -> None:
    for block in blocks(PAGE):
        if block.kind == "console":
            for command, shown in block.commands():
                reader.enter(command, shown)
        else:
            (reader.folder / block.note).write_text(block.text, "utf-8")
