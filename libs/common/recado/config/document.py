"""The file ``recado.toml``: its tables, and the lines that its keys stand on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, cast

import tomli

from recado.config.given import text_of
from recado.config.settings import SETTINGS
from recado.errors import Problem, nearest

_HEADER: Final = re.compile(r"\s*\[\s*([^\[\]]+?)\s*\]")
_ASSIGNED: Final = re.compile(r"\s*([\w.\"-]+)\s*=")


@dataclass(frozen=True, slots=True)
class File:
    """A ``recado.toml``: what it says, and where it says it."""

    name: str
    text: str
    document: dict[str, Any]

    def tables(self, problems: list[Problem]) -> dict[str, dict[str, Any]]:
        """Return the tables by their full names; note what does not belong."""
        tables: dict[str, dict[str, Any]] = {}
        for name, content in self._named(problems).items():
            if isinstance(content, dict):
                tables[name] = cast("dict[str, Any]", content)
            else:
                problems.append(Problem(self.place("", name), "must be a table"))
        problems += [
            Problem(self.place(table, key), f"no such setting{nearest(key, SETTINGS)}")
            for table, content in tables.items()
            for key in content
            if key not in SETTINGS
        ]
        return tables

    def _named(self, problems: list[Problem]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in self.document.items():
            if key == "environment" and isinstance(value, dict):
                named = cast("dict[str, Any]", value)
                found |= {f"{key}.{name}": it for name, it in named.items()}
            elif key in ("default", "environment"):
                found[key] = value
            else:
                wrong = "belongs in [default] or [environment.NAME]"
                if key not in SETTINGS:
                    wrong = f"no such table{nearest(key, ['default', 'environment'])}"
                problems.append(Problem(self.place("", key), wrong))
        return found

    def place(self, table: str, key: str) -> str:
        """Return where a key stands: its full name, and the line if it is found."""
        full, current = f"{table}.{key}".lstrip("."), ""
        for number, line in enumerate(self.text.splitlines(), 1):
            match = _HEADER.match(line)
            if match:
                current = start = match[1].replace('"', "").replace(" ", "")
            elif match := _ASSIGNED.match(line):
                start = f"{current}.{match[1]}".lstrip(".").replace('"', "")
            else:
                continue
            if start == full:
                return f"{self.name}: {full} (line {number})"
        return f"{self.name}: {full}"


def read_file(path: Path, source: str, problems: list[Problem]) -> File | None:
    """Return the file at a path; note what is wrong with it."""
    text = text_of(path, source, problems)
    if text is None:
        return None
    try:
        return File(path.name, text, tomli.loads(text))
    except tomli.TOMLDecodeError as error:
        problems.append(Problem(path.name, f"not TOML: {error}"))
        return None
