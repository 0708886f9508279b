"""The page that lists all messages."""

from __future__ import annotations

import pkgutil
import re
from importlib import import_module
from pathlib import Path

import pytest

from recado import schemas
from recado.message import Message
from recado.schemas.dispatch import RunRequest

PAGE = (Path(__file__).parents[3] / "docs/reference/messages.md").read_text("utf-8")


def _types() -> list[str]:
    modules = [
        import_module(f"recado.schemas.{found.name}")
        for found in pkgutil.iter_modules(schemas.__path__)
    ]
    names = {
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, str) and re.fullmatch(r"[a-z_.-]+/\d+", value)
    }
    return sorted(names)


@pytest.mark.parametrize("type_", _types())
def test_every_type_of_message_is_on_the_page(type_: str) -> None:
    assert f"`{type_}`" in PAGE


def test_every_header_is_on_the_page() -> None:
    modules = (Message.__module__, RunRequest.__module__)
    constants = [x for each in modules for x in vars(import_module(each)).values()]
    headers = {x for x in constants if isinstance(x, str) and x.startswith("recado-")}

    assert headers
    assert [header for header in headers if f"`{header}`" not in PAGE] == []


def test_every_key_of_a_request_for_a_run_is_on_the_page() -> None:
    assert [key for key in RunRequest.model_fields if f"| `{key}` |" not in PAGE] == []
