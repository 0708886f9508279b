"""A default registry that is empty before and unchanged after each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from recado.registry import Factory, default


@pytest.fixture(autouse=True)
def fresh_registries() -> Iterator[None]:
    """Undo what a test does to what the whole process shares."""
    before = default.snapshot()
    listed = set(Factory.keys())
    yield
    default.restore(before)
    for name in set(Factory.keys()) - listed:
        Factory.forget_registry(name)
