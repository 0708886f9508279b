"""Lengths of time as people write them: ``90s``, ``10m``, ``1h30m``, ``2d``."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

_PARTS: Final = re.compile(
    r"(?:(?P<days>\d{1,5})d)?(?:(?P<hours>\d{1,6})h)?"
    r"(?:(?P<minutes>\d{1,7})m)?(?:(?P<seconds>\d{1,9})s)?",
    re.ASCII,
)


def duration(text: str) -> timedelta | None:
    """Return how long a text means; nothing for a text that is no length of time."""
    match = _PARTS.fullmatch(text)
    if match is None or not text:
        return None
    parts = {unit: int(number) for unit, number in match.groupdict("0").items()}
    return timedelta(**parts)
