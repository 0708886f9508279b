"""Recipe names: what a request may ask for."""

from __future__ import annotations

import re
from typing import Final

from recado.errors import Problem, RecipeError

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def is_name(text: str) -> bool:
    """Say whether a text can be a recipe's name."""
    return _NAME.fullmatch(text) is not None


def check_name(name: str) -> str:
    """Return a recipe's name if it is one; it may come from anybody.

    Raises:
        RecipeError: if it could be anything but a plain name.
    """
    if is_name(name):
        return name
    text = (
        "a name has 1 to 128 letters, digits, '_', '-' and '.', "
        "and begins with a letter, a digit or '_'"
    )
    raise RecipeError(f"recipe name {name[:60]!r}", [Problem("", text)])
