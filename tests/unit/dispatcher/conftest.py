"""Fixtures for the dispatcher: plug-ins that are not installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, ClassVar

import pytest

from recado.config import Settings
from recado.service import Service
from recado.testing import Harness
from recado_dispatcher.service import Dispatcher

OUR_FILTERS = "recado.dispatcher.filters"
OUR_CHECKS = "recado.dispatcher.ready"
ZOCALO_FILTERS = "zocalo.services.dispatcher.filters"
ZOCALO_CHECKS = "zocalo.services.dispatcher.ready_for_processing"


class Hasty(Dispatcher):
    """A dispatcher with no patience for plug-ins and other services."""

    plugin_timeout_s: ClassVar[float] = 0.05
    answer_timeout_s: ClassVar[float] = 0.1


class Installed:
    """Plug-ins as if they were installed: each a function, under a group and a name."""

    def __init__(self) -> None:
        self.points: list[Any] = []

    def add(self, group: str, name: str, call: object) -> None:
        self.points.append(_Point(group, name, call))

    def entry_points(self, *, group: str) -> list[Any]:
        return [point for point in self.points if point.group == group]


class _Point:
    def __init__(self, group: str, name: str, call: object) -> None:
        self.group, self.name, self.value = group, name, f"site:{name}"
        self._call = call

    def load(self) -> object:
        if isinstance(self._call, Exception):
            raise self._call
        return self._call


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> Installed:
    found = Installed()
    monkeypatch.setattr(metadata, "entry_points", found.entry_points)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a recipe folder with one recipe, of one step."""
    path = tmp_path / "recipes"
    path.mkdir()
    (path / "named.json").write_text(
        '{"start": [[1, {"n": 1}]], "1": {"queue": "first", "x": "{x}"}}'
    )
    return path


@pytest.fixture
def at_work(folder: Path) -> Callable[..., Harness]:
    """Return what makes a dispatcher at work, with settings."""

    def make(service: Service | None = None, **settings: Any) -> Harness:
        given = Settings(recipes=folder, **settings)
        return Harness(
            service or Dispatcher(), settings=given, queues=["first", "errors"]
        )

    return make
