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


def chosen(wanted: str, there: Iterable[str]) -> str | None:
    """Return the version that is meant by another, which may be short; none if not there.

    One number is the newest version that begins with it. More numbers are that version,
    or else the newest that begins with them. An empty text is the newest of all.
    """
    known = sorted(there, key=parts)
    if "." in wanted and wanted in known:
        return wanted
    head = parts(wanted) if wanted else ()
    fits = [each for each in known if parts(each)[: len(head)] == head]
    return fits[-1] if fits else None
