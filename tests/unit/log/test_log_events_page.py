"""The page of log events names all of them, with their levels, and no others."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[3]
LEVELS = {"debug", "info", "warning", "error"}


def logged() -> Iterator[tuple[str, str]]:
    """Give each event that is logged under a constant name, with its level."""
    for room in ("libs", "services"):
        for file in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield from named(node.func.attr, node.args)


def named(method: str, args: list[ast.expr]) -> Iterator[tuple[str, str]]:
    if method in LEVELS and args and isinstance(args[0], ast.Constant):
        name = args[0].value
        if isinstance(name, str) and re.fullmatch(r"[a-z]+\.[a-z_]+", name):
            yield name, method


def on_page() -> dict[str, str]:
    """Return the page's events and their levels."""
    text = (ROOT / "docs/reference/log-events.md").read_text()
    rows = re.findall(r"^\| (`.+?`) \| (\w+) \|", text, re.MULTILINE)
    return {
        name: level for names, level in rows for name in re.findall(r"`([^`]+)`", names)
    }


def test_every_event_that_is_logged_stands_on_the_page_with_its_level() -> None:
    page = on_page()

    missing = {(name, level) for name, level in logged() if page.get(name) != level}

    assert missing == set()


def test_the_page_tells_of_no_event_that_is_never_logged() -> None:
    source = "\n".join(
        file.read_text()
        for room in ("libs", "services")
        for file in (ROOT / room).rglob("*.py")
    )

    assert [name for name in on_page() if f'"{name}"' not in source] == []
