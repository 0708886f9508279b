"""pytest fixtures; a test suite asks for them with ``pytest_plugins``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

import pytest

from recado.config import Settings
from recado.service import Service
from recado.testing.harness import Harness

MakeHarness: TypeAlias = Callable[..., Harness]


@pytest.fixture
def harness(tmp_path: Path) -> MakeHarness:
    """Return what makes a harness whose service keeps its files in the test's folder."""

    def make(service: Service, *, queues: Sequence[str] = ()) -> Harness:
        settings = Settings(state=tmp_path, recipes=tmp_path / "recipes")
        return Harness(service, settings=settings, queues=queues)

    return make
