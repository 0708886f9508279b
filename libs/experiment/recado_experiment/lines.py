"""The lines of a study's text: on which one a path of the document begins.

The TOML reader keeps no positions. This finds headers and keys again, only once there is
a problem to report, and answers with the nearest line above for what it cannot see.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recado_experiment.findings import Path

_KEY = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[\w-]+)"""
_KEYS = rf"{_KEY}(?:[ \t]*\.[ \t]*{_KEY})*"
_HEADER = re.compile(rf"\s*(\[\[?)[ \t]*({_KEYS})[ \t]*\]")
_PAIR = re.compile(rf"\s*({_KEYS})[ \t]*=(.*)")
_ONE_KEY = re.compile(_KEY)
# A quote that nothing closes reaches to the end of the line.
_TOKEN = re.compile(
    r"""(?P<long>\"\"\"|\'\'\')|"(?:[^"\\]|\\.?)*+(?:"|$)|'[^']*(?:'|$)|#.*"""
)


class Lines:
    """The lines of one document, by path."""

    def __init__(self, text: str) -> None:
        self._tables: dict[Path, int] = {}
        self._lines: dict[Path, int] = {}
        self._here: Path = ()
        for number, line in _logical(text):
            self._note(number, line)

    def line(self, path: Path) -> int | None:
        """Return the line of a path, or of the nearest thing around it."""
        for end in range(len(path), 0, -1):
            if path[:end] in self._lines:
                return self._lines[path[:end]]
        return None

    def _note(self, number: int, line: str) -> None:
        if header := _HEADER.match(line):
            self._enter(header[1] == "[[", _split(header[2]))
            self._lines.setdefault(self._here, number)
        elif pair := _PAIR.match(line):
            self._lines.setdefault((*self._here, *_split(pair[1])), number)

    def _enter(self, is_element: bool, keys: list[str]) -> None:
        path: Path = ()
        for key in keys[:-1]:
            path = self._last((*path, key))
        path = (*path, keys[-1])
        if is_element:
            self._tables[path] = self._tables.get(path, -1) + 1
        self._here = self._last(path)

    def _last(self, path: Path) -> Path:
        return (*path, self._tables[path]) if path in self._tables else path


def _split(keys: str) -> list[str]:
    return [
        key[1:-1] if key[0] in "\"'" else key for key in _ONE_KEY.findall(keys) if key
    ]


def _logical(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines on which a header or a key can begin, with their numbers."""
    depth, quote = 0, ""
    for number, line in enumerate(text.split("\n"), start=1):
        if not quote and depth <= 0:
            yield number, line
            header = _HEADER.match(line)
            pair = None if header else _PAIR.match(line)
            line, depth = pair[2] if pair else "", 0
        bare, quote = _bare(line, quote)
        depth += sum(map(bare.count, "[{")) - sum(map(bare.count, "]}"))


def _bare(line: str, quote: str) -> tuple[str, str]:
    """Return a line without texts and comments, and the long quote it leaves open."""
    parts: list[str] = []
    at = 0
    while True:
        if quote:
            end = line.find(quote, at)
            if end < 0:
                return "".join(parts), quote
            at = end + len(quote)
        token = _TOKEN.search(line, at)
        if token is None:
            return "".join([*parts, line[at:]]), ""
        parts.append(line[at : token.start()])
        at, quote = token.end(), token["long"] or ""
