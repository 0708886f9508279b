"""What the command prints: tables for people, JSON for programs."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

import click


def print_json(value: object) -> None:
    """Print one JSON document."""
    click.echo(_json(value, indent=2))


def print_line(value: object) -> None:
    """Print a value as one line of JSON, at once."""
    click.echo(_json(value))
    sys.stdout.flush()


def print_table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under their heads, as wide as they need to be; a number to the right."""
    lines = [[cell(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(heads, *lines, strict=True)]
    numeric = _numeric(heads, lines)
    for line in [[head.upper() for head in heads], *lines]:
        cells = [
            text.rjust(width) if number else text.ljust(width)
            for text, width, number in zip(line, widths, numeric, strict=True)
        ]
        click.echo("  ".join(cells).rstrip())


def print_facts(facts: Iterable[tuple[str, object]]) -> None:
    """Print names and values, one pair on each line."""
    shown = [(name, cell(value)) for name, value in facts]
    width = max((len(name) for name, _ in shown), default=0)
    for name, text in shown:
        click.echo(f"{name.ljust(width)}  {text}".rstrip())


def talk(text: str) -> None:
    """Say something that is not data, on standard error."""
    click.echo(f"recado: {text}", err=True)


def cell(value: object) -> str:
    """Return a value as it stands in a table: one line, and nothing a terminal obeys."""
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:,.1f}"
    if isinstance(value, list):
        return ", ".join(map(cell, cast("list[object]", value)))
    if isinstance(value, dict):
        pairs = cast("dict[str, object]", value).items()
        return ", ".join(f"{clean(key)} {cell(it)}" for key, it in pairs)
    return clean(str(value))


def clean(text: str, *, keeps: str = "") -> str:
    """Return a text without what a terminal would obey, on one line."""
    return "".join(
        char if char.isprintable() or char in keeps else _escaped(char) for char in text
    )


def when(at: float | None) -> str:
    """Return a time of day, with its date, where this process is."""
    if at is None:
        return "-"
    local = datetime.fromtimestamp(at, UTC).astimezone()
    return local.strftime("%Y-%m-%d %H:%M:%S")


def count(number: int, one: str, many: str = "") -> str:
    """Return a number with its noun."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def _escaped(char: str) -> str:
    return " " if char in "\n\t" else char.encode("unicode_escape").decode()


def _numeric(heads: Sequence[str], lines: Sequence[Sequence[str]]) -> list[bool]:
    return [
        bool(lines)
        and all(_is_number(line[index]) for line in lines)
        and any(line[index] != "-" for line in lines)
        for index in range(len(heads))
    ]


def _is_number(text: str) -> bool:
    digits = text.removeprefix("-").replace(",", "").replace(".", "", 1)
    return text == "-" or digits.isdecimal()


def _json(value: Any, *, indent: int | None = None) -> str:
    from pydantic_core import to_json

    return to_json(value, indent=indent).decode()
