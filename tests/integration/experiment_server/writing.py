"""Write a table as TOML, in any of the ways in which TOML can say it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, time
from random import Random

from recado_experiment.document.tables import Table, is_list, is_table

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_RAW = re.compile(r"[^'\x00-\x08\x0a-\x1f\x7f]*")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t"}
_CONTROL = re.compile(r'["\\\x00-\x1f\x7f]')


def written(document: Table, style: int) -> str:
    """Return a document as TOML text; ``style`` decides between ways to say the same."""
    lines = [*_Writer(Random(style)).table("", document)]
    return "\n".join(lines) + "\n"


class _Writer:
    """Writes one document; one in three as freely as TOML 1.0 allows.

    The others are what older readers can read: deep tables have headers, and texts are
    on one line.
    """

    def __init__(self, style: Random) -> None:
        self._style = style
        self._is_free = style.random() < 0.3

    def table(self, path: str, table: Table) -> Iterator[str]:
        """Yield the lines of what is in a table: its own keys, then those with a header."""
        later: list[tuple[str, object]] = []
        for name, value in table.items():
            key = self._key(name)
            if self._has_header(value):
                later.append((key, value))
            elif is_table(value) and value and self._happens(0.3):
                yield from (f"{key}.{line}" for line in self._dotted(value))
            else:
                yield f"{key} = {self._value(value)}"
            if self._happens(0.05):
                yield "# a note = ["
        for key, value in later:
            here = f"{path}.{key}" if path else key
            for element in value if is_list(value) else ():
                yield f"[[{here}]]"
                if is_table(element):
                    yield from self.table(here, element)
            if is_table(value):
                yield f"[{here}]"
                yield from self.table(here, value)

    def _happens(self, chance: float) -> bool:
        return self._style.random() < chance

    def _has_header(self, value: object) -> bool:
        if is_list(value) and value and all(map(is_table, value)):
            return self._happens(0.8) or not self._is_free
        if not is_table(value):
            return False
        is_deep = any(is_table(inner) or is_list(inner) for inner in value.values())
        return self._happens(0.5) or (is_deep and not self._is_free)

    def _dotted(self, table: Table) -> Iterator[str]:
        for name, value in table.items():
            key = self._key(name)
            if is_table(value) and value and self._happens(0.5):
                yield from (f"{key}.{line}" for line in self._dotted(value))
            else:
                yield f"{key} = {self._value(value)}"

    def _key(self, name: str) -> str:
        if _BARE.fullmatch(name) and (self._happens(0.9) or not self._is_free):
            return name
        return self._text(name)

    def _value(self, value: object) -> str:
        if is_table(value):
            pairs = (f"{self._key(k)} = {self._value(v)}" for k, v in value.items())
            return f"{{ {', '.join(pairs)} }}"
        if is_list(value):
            items = [self._value(each) for each in value]
            if items and self._happens(0.1):
                return "[\n  " + ",\n  ".join(items) + ", # more\n]"
            return f"[{', '.join(items)}]"
        if isinstance(value, str):
            return self._text(value, may_be_long=self._is_free)
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, date | time):
            return value.isoformat()
        if isinstance(value, int) and value >= 0 and self._happens(0.1):
            ways = [f"{value:_}", f"0x{value:x}", f"+{value}", f"0b{value:b}"]
            return self._style.choice(ways)
        return repr(value)

    def _text(self, text: str, *, may_be_long: bool = False) -> str:
        plain = _CONTROL.sub(_escaped, text)
        is_raw = _RAW.fullmatch(text) is not None
        ways = [f'"{plain}"'] * 4
        if is_raw:
            ways.append(f"'{text}'")
        if may_be_long:
            ways.append(f'"""{plain}"""')
            ways += [f"'''\n{text}'''"] if is_raw else []
        return self._style.choice(ways)


def _escaped(found: re.Match[str]) -> str:
    return _ESCAPES.get(found[0], f"\\u{ord(found[0]):04x}")
