"""Pages of documentation, read as what a reader does and sees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_BLOCK = re.compile(r"^```(\w+)(?: ([^\n]+))?\n(.*?)^```$", re.M | re.S)
_CHANGES = re.compile(
    r"(?P<id>[0-9a-f]{8}-[0-9a-f-]{27}|\b[0-9a-f]{12}\b|\b[0-9a-f]{8}\b)"
    r"|\d{4}-\d\d-\d\d|\d\d:\d\d:\d\d|\b\d+\.\d+"
)
_UUID_HEAD = 8


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page: its kind, what stands behind that, such as a file, and its text."""

    kind: str
    note: str
    text: str

    def commands(self) -> list[tuple[str, list[str]]]:
        """Return each command of a terminal, and the lines that it printed."""
        found: list[tuple[str, list[str]]] = []
        for line in self.text.splitlines():
            if line.startswith("$ ") or line == "^C":
                found.append((line.removeprefix("$ "), []))
            elif found:
                found[-1][1].append(line)
        return found

    def entered(self) -> list[str]:
        """Return the lines that are entered: all, if none of them has a prompt."""
        lines = self.text.splitlines()
        return [line for line, _ in self.commands()] if "$ " in self.text else lines


def blocks(page: Path) -> list[Block]:
    """Return the blocks of a page, in order."""
    return [Block(*found) for found in _BLOCK.findall(page.read_text("utf-8"))]


class Ids:
    """What the ids on the page are in this run of it."""

    def __init__(self) -> None:
        self._known: dict[str, str] = {}

    def told(self, command: str) -> str:
        """Return a command with the ids that were really printed."""
        return _CHANGES.sub(lambda m: self._known.get(m[0], m[0]), command)

    def compare(self, shown: Sequence[str], printed: str) -> None:
        """Assert that the page shows what was printed, but for times and new ids.

        Three dots stand for any text, and on a line of their own for any lines.
        """
        pattern = r"\n".join(self.pattern(line) for line in shown)
        found = re.search(pattern, printed, re.S)
        assert found is not None, f"the page shows\n{shown}\nand not\n{printed}"
        ids = [m["id"] for line in shown for m in _CHANGES.finditer(line) if m["id"]]
        for of_page, real in zip(ids, found.groups(), strict=True):
            self._learn(of_page, real)

    def pattern(self, line: str) -> str:
        """Return what a line that is printed has to match to be the one shown."""
        parts = _CHANGES.split(line)[::2]
        marks = [
            "([0-9a-f-]+)" if m["id"] else "[0-9.:-]+" for m in _CHANGES.finditer(line)
        ]
        texts = [re.sub(r"(\\ )+", "[ ]+", re.escape(part)) for part in parts]
        whole = "".join(
            text + mark for text, mark in zip(texts, [*marks, ""], strict=True)
        )
        return whole.replace(re.escape("..."), ".*?")

    def _learn(self, of_page: str, real: str) -> None:
        assert self._known.setdefault(of_page, real) == real, f"{of_page} is two ids"
        if "-" in of_page:
            self._known[of_page[:_UUID_HEAD]] = real[:_UUID_HEAD]
