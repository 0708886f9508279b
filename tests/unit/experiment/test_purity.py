"""All of the library but one room is pure: no files, no threads, no clock, no logging."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import recado_experiment

ROOT = Path(recado_experiment.__file__).parent
IMPURE = frozenset(
    {
        "asyncio",
        "atexit",
        "concurrent",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "shutil",
        "socket",
        "structlog",
        "subprocess",
        "tempfile",
        "threading",
        "time",
        "watchfiles",
    }
)


def imported(file: Path) -> Iterator[str]:
    """Give the names of the modules that a file imports."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def impure(files: Iterator[Path]) -> set[str]:
    return {
        f"{file.relative_to(ROOT)} imports {module}"
        for file in files
        for module in imported(file)
        if module.split(".")[0] in IMPURE or module.startswith("recado_experiment.live")
    }


def test_no_module_outside_of_live_does_anything_but_compute() -> None:
    found = impure(
        file for file in ROOT.rglob("*.py") if ROOT / "live" not in file.parents
    )

    assert found == {"__init__.py imports recado_experiment.live"}


def test_live_is_found_to_be_what_it_is() -> None:
    assert impure((ROOT / "live").glob("*.py")) >= {
        "live/experiment.py imports pathlib",
        "live/watching.py imports threading",
    }
