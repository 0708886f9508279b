"""Versions of recipes: how ``study@1.2`` is read, and which of several is the newest."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final, TypeAlias

Version: TypeAlias = tuple[int, ...]
"""A version's numbers: 1.10 comes after 1.9."""

MARK: Final = "@"
_VERSION: Final = re.compile(r"(0|[1-9][0-9]{0,8})(\.(0|[1-9][0-9]{0,8})){0,3}")


def is_version(text: str) -> bool:
    """Say whether a text is a version: up to four numbers with dots between them."""
    return _VERSION.fullmatch(text) is not None


def parts(version: str) -> Version:
    """Return the numbers of a version."""
    return tuple(int(each) for each in version.split("."))


def fitting(wanted: str, there: Iterable[str]) -> list[str]:
    """Return the versions that can be meant by another, which may be short; the best first.

    One number is the newest version that begins with it. More numbers are that version,
    or else the newest that begins with them. An empty text is the newest of all.
    """
    head = parts(wanted) if wanted else ()
    is_whole = "." in wanted
    fits = (each for each in there if parts(each)[: len(head)] == head)
    return sorted(
        fits, key=lambda each: (is_whole and each == wanted, parts(each)), reverse=True
    )
