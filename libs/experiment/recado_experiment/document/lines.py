"""The lines of a study's text: on which one a path of the document is written.

The TOML reader keeps no positions. So the text is gone through again, once there is
something to tell, for the paths that are asked for and no others. It is known to be TOML.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from recado_experiment.document.findings import Path

_TEXT = (
    r'"""(?:[^"\\]|\\.|"{1,2}(?!"))*+"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*+'{3,5}"
    r'|"(?:[^"\\]|\\.)*+"'
    r"|'[^']*+'"
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*+")
_KEY = re.compile(rf"(?:{_TEXT}|[A-Za-z0-9_-]+)[ \t]*", re.DOTALL)
_PLAIN = re.compile(rf"{_TEXT}|[^,\]}}#\n]*", re.DOTALL)
_BRACKET = re.compile(rf"{_TEXT}|#[^\n]*|[\[\]{{}}]", re.DOTALL)


def lines_of(text: str, paths: Iterable[Path]) -> dict[Path, int]:
    """Return the line of each path, or of the nearest thing around it that is written."""
    root = _Place()
    ways = {path: root.way_to(path) for path in paths}
    _Walk(text).document(root)
    found = {path: _deepest(way) for path, way in ways.items()}
    lines = _numbered(text, {offset for offset in found.values() if offset >= 0})
    return {path: lines[offset] for path, offset in found.items() if offset >= 0}


class _Place:
    """A place of the document that is asked for, and those inside of it."""

    __slots__ = ("elements", "inside", "offset")

    def __init__(self) -> None:
        self.offset = -1
        """Where in the text it begins."""
        self.elements = 0
        """How many ``[[...]]`` headers have added to it."""
        self.inside: dict[str | int, _Place] = {}

    def way_to(self, path: Path) -> list[_Place]:
        """Return the places on the way to a path, which from now on are asked for."""
        way: list[_Place] = []
        place = self
        for step in path:
            place = place.inside.setdefault(step, _Place())
            way.append(place)
        return way

    def enter(self, step: str | int, offset: int) -> _Place:
        """Return the place of a key or an element; one of no account if nobody asks."""
        place = self.inside.get(step) or _Place()
        place.offset = offset if place.offset < 0 else place.offset
        return place


class _Walk:
    """Goes through a document and notes where the places that are asked for begin."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0

    def document(self, root: _Place) -> None:
        """Go through the whole document."""
        table = root
        while char := self._next():
            if char == "[":
                table = self._header(root)
            else:
                self._pair(table)

    def _header(self, table: _Place) -> _Place:
        """Return the place of the table that a header opens."""
        start = self._at
        brackets = 2 if self._text.startswith("[[", start) else 1
        self._at += brackets
        *keys, name = self._keys()
        self._at += brackets
        for key in keys:
            table = _last(table.enter(key, start), start)
        table = table.enter(name, start)
        table.elements += brackets - 1
        return _last(table, start)

    def _pair(self, table: _Place) -> None:
        start = self._at
        for key in self._keys():
            table = table.enter(key, start)
        self._at += 1
        self._value(table)

    def _value(self, place: _Place) -> None:
        opening = self._next()
        if opening not in "[{":
            self._at = self._end(_PLAIN)
        elif not place.inside:
            self._skip()
        elif opening == "{":
            self._inline_table(place)
        else:
            self._array(place)

    def _inline_table(self, table: _Place) -> None:
        self._at += 1
        while self._more("}"):
            self._pair(table)

    def _array(self, array: _Place) -> None:
        self._at += 1
        index = 0
        while self._more("]"):
            self._value(array.enter(index, self._at))
            index += 1

    def _more(self, closing: str) -> bool:
        """Go past a comma; tell whether something follows, or go past the end."""
        if self._next() == ",":
            self._at += 1
        is_more = self._next() != closing
        self._at += not is_more
        return is_more

    def _skip(self) -> None:
        """Go past an array or a table in which nobody asks for anything."""
        depth = 0
        for token in _BRACKET.finditer(self._text, self._at):
            depth += (token[0] in "[{") - (token[0] in "]}")
            if depth == 0:
                self._at = token.end()
                return

    def _keys(self) -> list[str]:
        """Return the parts of a dotted key, and go past it."""
        keys: list[str] = []
        while not keys or self._text[self._at] == ".":
            self._at += bool(keys)
            self._next()
            end = self._end(_KEY)
            keys.append(_unquoted(self._text[self._at : end].rstrip()))
            self._at = end
        return keys

    def _next(self) -> str:
        """Go past blanks and remarks; return the character there, nothing at the end."""
        self._at = self._end(_BLANK)
        return self._text[self._at : self._at + 1]

    def _end(self, pattern: re.Pattern[str]) -> int:
        match = pattern.match(self._text, self._at)
        return match.end() if match else len(self._text)


def _last(place: _Place, offset: int) -> _Place:
    """Return the last element of an array of tables; of anything else, itself."""
    return place.enter(place.elements - 1, offset) if place.elements else place


def _unquoted(key: str) -> str:
    if key.startswith('"') and "\\" in key:
        import tomli  # start-up of a service that meets no study does without it

        return str(tomli.loads(f"key = {key}")["key"])
    return key[1:-1] if key[0] in "\"'" else key


def _deepest(way: Iterable[_Place]) -> int:
    """Return where the last place of a way begins that is written; or -1."""
    return next((place.offset for place in reversed([*way]) if place.offset >= 0), -1)


def _numbered(text: str, offsets: Iterable[int]) -> dict[int, int]:
    """Return the number of the line of each offset."""
    lines: dict[int, int] = {}
    line, last = 1, 0
    for offset in sorted(offsets):
        line += text.count("\n", last, offset)
        lines[offset], last = line, offset
    return lines
