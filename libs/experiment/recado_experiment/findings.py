"""Findings: the problems and warnings that reading a study gathers, each at its path."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeAlias

from recado.errors import nearest
from recado_experiment.tables import shown

Path: TypeAlias = tuple[str | int, ...]

HINTED = 50
COMPARED = 500
"""How many findings get a hint, and among how many names, of how many letters."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")


def dotted(path: Path) -> str:
    """Return a path as text.

    >>> dotted(("blocks", 0, "config", "two words"))
    'blocks[0].config."two words"'
    """
    return "".join(map(_step, path)).removeprefix(".")


def _step(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    return f".{step}" if _BARE.fullmatch(step) else f'."{step}"'


@dataclass(frozen=True, slots=True)
class Found:
    """All that was found; keys without values, in the order of finding."""

    problems: dict[tuple[Path, str], None] = field(
        default_factory=dict[tuple[Path, str], None]
    )
    warnings: dict[tuple[Path, str], None] = field(
        default_factory=dict[tuple[Path, str], None]
    )


@dataclass(frozen=True, slots=True)
class Findings:
    """Where a checker reports; it stands at one place of the document.

    ``findings.at("args", "k").add("...")`` reports on what is below that place.
    """

    path: Path = ()
    found: Found = field(default_factory=Found)

    def at(self, *steps: str | int) -> Findings:
        """Return the same findings, standing further down."""
        return Findings((*self.path, *steps), self.found)

    def add(self, text: str) -> None:
        """Report a problem: the study is refused."""
        self.found.problems[self.path, text] = None

    def warn(self, text: str) -> None:
        """Report something that is allowed and seldom meant."""
        self.found.warnings[self.path, text] = None

    def unknown(self, what: str, name: object, known: Collection[str]) -> None:
        """Report a name that is not known, with the nearest that is."""
        self.add(f"no {what} {shown(name)}{self._hint(name, known)}")

    def unused(self, key: str, known: Collection[str]) -> None:
        """Warn of a key that is not read, with the nearest that is."""
        self.warn(f"{shown(key)} is not used{self._hint(key, known)}")

    def _hint(self, name: object, known: Collection[str]) -> str:
        """Return the nearest names, as long as finding them takes no time to speak of."""
        found = len(self.found.problems) + len(self.found.warnings)
        if found >= HINTED or len(known) > COMPARED:
            return ""
        names = [str(name), *known]
        return nearest(names[0], known) if max(map(len, names)) <= COMPARED else ""

    @property
    def is_clean(self) -> bool:
        """Tell whether no problem was found, anywhere."""
        return not self.found.problems
