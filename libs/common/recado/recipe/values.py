"""Plain JSON values: copied, bounded, and named by their path in the document."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final, TypeAlias, cast

from recado.errors import Problem, nearest
from recado.message import Json

MAX_DEPTH: Final = 100
MAX_SIZE: Final = 10 * 2**20
"""Characters of text, and four more for each value."""
_VALUE_SIZE: Final = 4

Trail: TypeAlias = "tuple[Trail, str | int] | None"
"""A path that costs nothing until it is written: the parent's trail, and a key."""

MAX_PROBLEMS: Final = 100
"""As many problems as anybody is told of at once; the others are counted."""

_PLAIN_KEY: Final = re.compile(r"[^\s.\[\]]{1,80}")
# Mapping is the last, because it takes long to ask for.
_CONTAINERS: Final = (dict, list, tuple, Mapping)
_MAX_PATH: Final = 200
_MAX_BITS: Final = 4096
_LEAST, _MOST = -(2**63), 2**63
_MAX_HINT: Final = 80


@dataclass(frozen=True, slots=True)
class Flaw:
    """A problem whose path is not written yet: of most, nobody will ask."""

    trail: Trail
    text: str


class Flaws:
    """What is wrong with a document; costs next to nothing, however much it is."""

    __slots__ = ("_count", "_first")

    def __init__(self) -> None:
        self._first: list[Problem] = []
        self._count = 0

    def add(self, trail: Trail, text: str) -> None:
        """Note a problem."""
        self._count += 1
        if self._count <= MAX_PROBLEMS:
            self._first.append(Problem(path_of(trail), text))

    def extend(self, flaws: Iterable[Flaw]) -> None:
        """Note several problems."""
        for flaw in flaws:
            self.add(flaw.trail, flaw.text)

    def __len__(self) -> int:
        return self._count

    def problems(self) -> tuple[Problem, ...]:
        """Return the first problems, and one that counts the others."""
        more = self._count - len(self._first)
        rest = [Problem("", f"and {more} more problems")] if more else []
        return (*self._first, *rest)


class _FullError(Exception):
    """Raised inside this module to stop at a document that is too large."""


def plain(document: object, depth: int = 0) -> tuple[Json, tuple[Problem, ...]]:
    """Return a copy that holds nothing but JSON, and what else there was, by path.

    Tuples become lists. Numbers are accepted as keys of the outermost object, where they
    are step ids. ``depth`` is how deep inside of another document this one is.
    """
    copier = _Copier()
    try:
        return copier.copy(document, None, depth), copier.flaws.problems()
    except _FullError:
        return None, (Problem("", f"larger than {MAX_SIZE} characters"),)


class _Copier:
    __slots__ = ("flaws", "room")

    def __init__(self) -> None:
        self.flaws = Flaws()
        self.room = MAX_SIZE

    def copy(self, value: object, trail: Trail, depth: int) -> Json:
        if isinstance(value, str):
            return self._text(value, trail)
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, int | float):
            return self._number(value, trail)
        if isinstance(value, _CONTAINERS):
            return self._container(cast("object", value), trail, depth)
        self.flaws.add(trail, f"{type(value).__name__} has no JSON form")
        return None

    def _charge(self, size: int) -> None:
        self.room -= size
        if self.room < 0:
            raise _FullError

    def _text(self, value: str, trail: Trail) -> str:
        self._charge(len(value))
        if not value.isascii() and not _is_unicode(value):
            self.flaws.add(trail, "holds half of a surrogate pair, which UTF-8 has not")
        return value

    def _number(self, value: float, trail: Trail) -> Json:
        if isinstance(value, int):
            if value.bit_length() <= _MAX_BITS:
                return value
            self.flaws.add(trail, f"a number of more than {_MAX_BITS} bits")
        elif math.isfinite(value):
            return value
        else:
            self.flaws.add(trail, f"{value} has no JSON form; use a finite number")
        return None

    def _container(self, value: object, trail: Trail, depth: int) -> Json:
        if depth >= MAX_DEPTH:
            self.flaws.add(trail, f"nested more than {MAX_DEPTH} levels deep")
            return None
        if isinstance(value, list | tuple):
            items = cast("Sequence[object]", value)
            self._charge(_VALUE_SIZE * len(items))
            return [
                x
                if type(x) is int and _LEAST < x < _MOST
                else self.copy(x, (trail, i), depth + 1)
                for i, x in enumerate(items)
            ]
        return self._object(cast("Mapping[object, object]", value), trail, depth)

    def _object(
        self, value: Mapping[object, object], trail: Trail, depth: int
    ) -> dict[str, Json]:
        self._charge(_VALUE_SIZE * len(value))
        copied: dict[str, Json] = {}
        for key, item in value.items():
            # Nearly all keys and many values are short plain texts: they take no call.
            if type(key) is str and key.isascii():
                name = key
                self.room -= len(key)
            else:
                name = self._key(key, trail, depth)
            if name in copied:
                self.flaws.add((trail, name), "is there twice")
            if type(item) is str and item.isascii():
                copied[name] = item
                self.room -= len(item)
            else:
                copied[name] = self.copy(item, (trail, name), depth + 1)
        self._charge(0)
        return copied

    def _key(self, key: object, trail: Trail, depth: int) -> str:
        if isinstance(key, str):
            return self._text(key, trail)
        if isinstance(key, int) and not isinstance(key, bool) and depth == 0:
            return str(self._number(key, trail))
        name = type(key).__name__
        self.flaws.add(trail, f"a key is text, not {name}")
        return name


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def length(trail: Trail) -> int:
    """Return how many keys a trail has: how deep the place is that it leads to."""
    keys = 0
    while trail is not None:
        trail, _ = trail
        keys += 1
    return keys


def path_of(trail: Trail) -> str:
    """Return a trail as a path: ``3.output.errors[1]``."""
    keys: list[str | int] = []
    while trail is not None:
        trail, key = trail
        keys.append(key)
    path = ""
    for key in reversed(keys):
        path = _join(path, key)
    return path if len(path) <= _MAX_PATH else f"{path[:120]}…{path[-79:]}"


def _join(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    if not _PLAIN_KEY.fullmatch(key):
        return f"{path}[{shown(key)}]"
    return f"{path}.{key}" if path else key


def shown(value: Json) -> str:
    """Return a value for an error's text: short, whatever it is."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list):
        return "a list"
    text = repr(value[:61] if isinstance(value, str) else value)
    return text if len(text) <= 64 else f"{text[:60]}…"


def hint(name: str, known: Iterable[str]) -> str:
    """Return the nearest of some known names; bounded, as all come from outside."""
    short = (candidate for candidate in known if len(candidate) <= _MAX_HINT)
    return nearest(name[:_MAX_HINT], islice(short, 500))
