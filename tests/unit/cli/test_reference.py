"""The reference page tells of every command and every option."""

from __future__ import annotations

from pathlib import Path

import click
import pytest

from tests.unit.cli.test_overview import every_command

PAGE = (
    Path(__file__).parents[3] / "docs" / "reference" / "command-line.md"
).read_text()


@pytest.mark.parametrize(("name", "each"), every_command())
def test_a_command_and_its_options_are_on_the_page(
    name: str, each: click.Command
) -> None:
    options = [
        max(param.opts, key=len)
        for param in each.params
        if isinstance(param, click.Option) and not param.hidden
    ]

    assert f"`{name}" in PAGE or f"`recado {name}" in PAGE
    assert [it for it in options if it not in PAGE and it != "--version"] == []
