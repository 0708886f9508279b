"""What a shell is offered behind a word that is not finished."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.shell_completion import BashComplete

from recado_cli.main import recado


def offered(*words: str) -> list[str]:
    made = BashComplete(recado, {}, "recado", "_RECADO_COMPLETE")
    *args, last = words
    return [f"{it.type} {it.value}" for it in made.get_completions(args, last)]


@pytest.mark.parametrize(
    ("words", "items"),
    [
        (("go", "h"), ["plain hello"]),
        (("go", "--recipes", "none", "h"), []),
        (("go", "--env", "none", "h"), []),
        (("go", "-f", "h"), ["file h"]),
        (("recipe", "show", "h"), ["plain hello"]),
        (("recipe", "check", "x"), ["file x"]),
        (("expand", "verify", "x"), ["file x"]),
        (("service", "exp"), ["plain expander"]),
        (("up", "--only", "exp"), ["plain expander"]),
        (("up", "--only", "hello,exp"), ["plain hello,expander"]),
    ],
)
def test_names_are_offered_where_names_are_meant(
    folder: Path, words: tuple[str, ...], items: list[str]
) -> None:
    assert offered(*words) == items
