"""The pages that people read."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")],
    key=lambda page: page.relative_to(ROOT).as_posix(),
)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run each test that takes a page on every page."""
    if "page" in metafunc.fixturenames:
        names = [page.relative_to(ROOT).as_posix() for page in PAGES]
        metafunc.parametrize("page", PAGES, ids=names)
