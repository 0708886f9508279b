"""Moments as people say them: a time of day, a date and time, or how long from now."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from recado_cli.duration import duration

_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")
WANTED: Final = "a time is 14:30, +10m, +1h30m or 2026-01-31T14:30"


def moment(text: str, now: datetime) -> float:
    """Return the seconds since the epoch that a text means.

    A time of day is the next one, today's or tomorrow's. What names no time zone is in
    that of ``now``; if that is naive, it is the zone where this process is.

    Raises:
        ValueError: for a text that is no time, or one that is past.
    """
    found = _later(text, now)
    if found is None:
        at = _time_of_day(text, now) or _date(text, now)
        found = None if at is None else at.timestamp()
    if found is None:
        raise ValueError(f"{WANTED}; not {text!r}")
    if found < now.timestamp():
        raise ValueError(f"{text!r} is past; {WANTED}")
    return found


def _later(text: str, now: datetime) -> float | None:
    length = duration(text.removeprefix("+")) if text.startswith("+") else None
    return None if length is None else now.timestamp() + length.total_seconds()


def _time_of_day(text: str, now: datetime) -> datetime | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    hour, minute, second = (int(each or 0) for each in match.groups())
    try:
        today = now.replace(hour=hour, minute=minute, second=second, microsecond=0)
    except ValueError:
        return None
    return today if today >= now else today + timedelta(days=1)


def _date(text: str, now: datetime) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)
