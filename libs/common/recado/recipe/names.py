"""Recipe names: what a request may ask for, ``study`` or ``study@1.2``."""

from __future__ import annotations

import re
from typing import Final

from recado.errors import Problem, RecipeError
from recado.recipe.versions import MARK, is_version

_NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


def is_name(text: str) -> bool:
    """Say whether a text can be a recipe's name, with a version or without."""
    name, version = split(text)
    fits = _NAME.fullmatch(name) is not None and len(text) <= 128
    return fits and (is_version(version) if MARK in text else True)


def split(name: str) -> tuple[str, str]:
    """Return what stands before and behind the ``@``; nothing behind if there is none."""
    before, _, behind = name.partition(MARK)
    return before, behind


def check_name(name: str) -> str:
    """Return a recipe's name if it is one; it may come from anybody.

    Raises:
        RecipeError: if it could be anything but a plain name.
    """
    if is_name(name):
        return name
    text = (
        "a name has 1 to 128 letters, digits, '_', '-' and '.', "
        "begins with a letter, a digit or '_', "
        "and may end with a version such as '@1.2'"
    )
    raise RecipeError(f"recipe name {name[:60]!r}", [Problem("", text)])
