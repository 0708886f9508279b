"""The tutorial, done as it says from an empty folder to the end."""

from __future__ import annotations

import re
import signal
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.page import Block, Ids, blocks
from tests.system.installing import ROOT, called, need_index, variables

PAGE = ROOT / "docs" / "tutorial" / "write-a-service.md"
UP = "recado up"
pytestmark = pytest.mark.timeout(600)


class Reader:
    """Somebody with two terminals who does what a page says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = folder / "longest" / ".venv"
        self.ids = Ids()
        self.up: subprocess.Popen[str] | None = None

    def follow(self, block: Block) -> None:
        """Do what a block says, and see what it shows."""
        if block.kind == "console":
            for command, shown in block.commands():
                self.enter(command, shown)
        elif block.kind == "log":
            self.see(block.text.splitlines())
        elif block.kind == "diff":
            self.change(self.folder / block.note, block.text)
        else:
            with (self.folder / block.note).open("a", encoding="utf-8") as file:
                file.write(block.text)

    def enter(self, command: str, shown: list[str]) -> None:
        """Enter a command, and see what it prints."""
        if command == UP:
            self.start()
            self.see(shown[-1:])
        elif command == "^C":
            self.stop()
        elif command.startswith("cd "):
            self.folder /= command.removeprefix("cd ")
        else:
            told = self.ids.told(f"{command} 2>&1")
            done = called(self.environment, "sh", "-c", told, cwd=self.folder)
            self.ids.compare(shown, done.stdout)
            fails = "incomplete" in done.stdout
            assert done.returncode == (1 if fails else 0), done.stdout

    def change(self, file: Path, diff: str) -> None:
        """Change a file as a diff of one line says."""
        before, after = diff.splitlines()
        text = file.read_text("utf-8")
        assert text.count(f"{before[1:]}\n") == 1
        file.write_text(text.replace(before[1:], after[1:]), encoding="utf-8")

    def start(self) -> None:
        """Start the services in the first terminal."""
        self.up = subprocess.Popen(
            UP.split(),
            executable=self.environment / "bin" / "recado",
            cwd=self.folder,
            env=variables(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def see(self, shown: list[str]) -> None:
        """See lines in the first terminal, one after the other."""
        assert self.up is not None
        assert self.up.stdout is not None
        for line in shown:
            pattern = re.compile(self.ids.pattern(line))
            assert any(pattern.match(printed) for printed in self.up.stdout), line

    def stop(self) -> None:
        """Stop the services, which is no failure."""
        assert self.up is not None
        self.up.send_signal(signal.SIGINT)
        rest, _ = self.up.communicate()
        assert self.up.returncode == 0, rest
        self.up = None

    def leave(self) -> None:
        """Leave nothing running, whatever happened."""
        if self.up is not None:
            self.up.kill()
            self.up.communicate()


@pytest.fixture
def reader(tmp_path: Path) -> Generator[Reader]:
    need_index(tmp_path)
    (tmp_path / "recado").symlink_to(ROOT)
    reader = Reader(tmp_path)
    yield reader
    reader.leave()


def test_the_tutorial_leads_from_an_empty_folder_to_a_retried_dead_letter(
    reader: Reader,
) -> None:
    for block in blocks(PAGE):
        reader.follow(block)

    reader.stop()
