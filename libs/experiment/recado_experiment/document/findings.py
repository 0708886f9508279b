"""Findings: the problems and warnings that reading a study gathers, each at its path."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeAlias

from recado.errors import nearest
from recado_experiment.document.tables import shown

Path: TypeAlias = tuple[str | int, ...]

HINTED = 50
COMPARED = 500
"""How many findings get a hint, and among how many names, of how many letters."""
NEAR = 0.72
"""How much alike a key and one that is missing are, so that it seems to be meant."""
TOLD = 10_000
"""How many problems are told, and how many warnings."""

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
    unread: dict[Path, str] = field(default_factory=dict[Path, str])
    """The problem at a path where nobody can tell what the value is: the only one there."""


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
        _add(self.found.problems, self.path, text, "problems")

    def warn(self, text: str) -> None:
        """Report something that is allowed and seldom meant."""
        _add(self.found.warnings, self.path, text, "warnings")

    def unknown(self, what: str, name: object, known: Collection[str]) -> None:
        """Report a name that is not known, with the nearest that is."""
        self.add(f"no {what} {shown(name)}{self._hint(name, known)}")

    def unread(
        self, what: str, name: object, known: Collection[str], hint: str = ""
    ) -> None:
        """Report a name that is not known, and so a value that nobody can tell."""
        text = f"no {what} {shown(name)}{self._hint(name, known)}{hint}"
        self.found.unread[self.path] = text
        self.add(text)

    def missing(self, key: str, present: Collection[str], text: str) -> None:
        """Report a key that is missing; where one is, whose name is nearly the same."""
        if near := self.nearest(key, present):
            self.at(near).add(f"is not read; did you mean {key!r}? {text}")
        elif self.path:
            self.add(f"has no {key!r}; {text}")
        else:
            self.at(key).add(f"missing; {text}")

    def nearest(self, key: str, present: Collection[str]) -> str | None:
        """Return the key that seems to be another one in a wrong spelling."""
        if len(present) > COMPARED or max(map(len, present), default=0) > COMPARED:
            return None
        return next(iter(get_close_matches(key, present, n=1, cutoff=NEAR)), None)

    def unused(self, key: str, known: Collection[str]) -> None:
        """Warn of a key that is not read, with the nearest that is."""
        self.warn(f"{shown(key)} is not used{self._hint(key, known)}")

    def _hint(self, name: object, known: Collection[str]) -> str:
        """Return the nearest names, as long as finding them takes no time to speak of."""
        found = len(self.found.problems) + len(self.found.warnings)
        if found >= HINTED or len(known) > COMPARED:
            return ""
        names = [str(name), *known]
        if max(map(len, names)) > COMPARED:
            return ""
        return nearest(_alike(names[0], known), known)

    @property
    def is_clean(self) -> bool:
        """Tell whether no problem was found, anywhere."""
        return not self.found.problems


def _alike(name: str, known: Collection[str]) -> str:
    """Return the known name that is the same but for its case, or that is cut short."""
    folded = {each.casefold(): each for each in known}
    longer = [each for key, each in folded.items() if key.startswith(name.casefold())]
    return folded.get(name.casefold(), longer[0] if len(longer) == 1 and name else name)


def _add(found: dict[tuple[Path, str], None], path: Path, text: str, what: str) -> None:
    if len(found) < TOLD:
        found[path, text] = None
    elif (path, text) not in found:
        found[(), f"more than {TOLD} {what}; these are the first"] = None
