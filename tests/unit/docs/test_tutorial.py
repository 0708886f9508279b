"""The tutorial's service and its tests, run here; a system test follows its commands."""

from __future__ import annotations

import sys
import types
from collections.abc import Awaitable, Callable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import cast

import pytest
import tomli

from recado import Service
from tests.page import blocks

PAGE = Path(__file__).parents[3] / "docs" / "tutorial" / "write-a-service.md"
SERVICE = "longest/__init__.py"
TESTS = "test_longest.py"


def file(name: str) -> str:
    """Return a file as the page has it before anything is changed."""
    kinds = {"python", "toml", "json"}
    return "".join(
        each.text for each in blocks(PAGE) if each.note == name and each.kind in kinds
    )


def mended(text: str) -> str:
    """Return the service as it is after the page's change."""
    (diff,) = [each.text for each in blocks(PAGE) if each.kind == "diff"]
    before, after = (line[1:] for line in diff.splitlines())
    assert text.count(f"{before}\n") == 1
    return text.replace(before, after)


def module(name: str, text: str) -> types.ModuleType:
    made = types.ModuleType(name)
    exec(compile(text, name, "exec"), vars(made))
    return made


@pytest.fixture
def its_tests(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[Test]]:
    """Return what makes the page's tests, of the service as it is written."""

    def make(service: str) -> list[Test]:
        monkeypatch.setitem(sys.modules, "longest", module("longest", service))
        names = vars(module("test_longest", file(TESTS)))
        return [cast("Test", it) for key, it in names.items() if key[:5] == "test_"]

    return make


Test = Callable[[], Awaitable[None]]


async def test_its_first_test_passes_and_its_second_finds_the_fault(
    its_tests: Callable[[str], list[Test]],
) -> None:
    first, second = its_tests(file(SERVICE))

    await first()
    with pytest.raises(AssertionError):
        await second()


async def test_its_tests_pass_once_the_service_is_mended(
    its_tests: Callable[[str], list[Test]],
) -> None:
    tests = its_tests(mended(file(SERVICE)))

    assert len(tests) == 2
    for test in tests:
        await test()


def test_its_entry_point_leads_to_the_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "longest", module("longest", file(SERVICE)))
    project = tomli.loads(file("pyproject.toml"))["project"]
    ((name, value),) = project["entry-points"]["recado.services"].items()

    service: type[Service] = EntryPoint(name, value, "recado.services").load()

    assert service.service_name() == name
