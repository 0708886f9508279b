"""The lines of many services, merged: each with the instance that it is from in front."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final, Literal, TextIO, TypeAlias, cast

import click

from recado_cli.output import clean

Format: TypeAlias = Literal["json", "console"]

_COLOURS: Final = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan")
_LEVELS: Final[Mapping[str, str]] = {
    "warning": "yellow",
    "error": "red",
    "critical": "red",
}
_HEAD: Final = frozenset({"at", "level", "event", "exception"})
_OWN: Final = frozenset({"service", "instance"})

SUPERVISOR: Final = "recado"
"""The label of the supervisor's own lines; an instance in them is another's."""

Facts: TypeAlias = dict[str, Any]


def parsed(line: str) -> Facts | None:
    """Return what a line says, if it is a log line of a service."""
    if not line.startswith("{"):
        return None
    try:
        facts: object = json.loads(line)
    except ValueError:
        return None
    is_event = isinstance(facts, dict) and "event" in facts
    return cast("Facts", facts) if is_event else None


class Merged:
    """Writes lines to a stream, in one format, whoever they are from."""

    def __init__(
        self,
        stream: TextIO,
        format: Format,
        *,
        width: int = 0,
        has_colours: bool | None = None,
    ) -> None:
        self._stream = stream
        self._format = format
        self._width = width
        self._has_colours = (
            stream.isatty() and not os.environ.get("NO_COLOR")
            if has_colours is None
            else has_colours
        )
        self._colours: dict[str, str] = {}

    def write(self, label: str, line: str, facts: Facts | None) -> None:
        """Write a line of an instance; ``facts`` is what it says, if it is parsed.

        Raises:
            OSError: if nobody reads any more, or there is no room.
        """
        if self._format == "json":
            self._stream.write(_json_line(label, line, facts))
        else:
            self._stream.writelines(
                f"{text}\n" for text in self._console(label, line, facts)
            )
        self._stream.flush()

    def _console(self, label: str, line: str, facts: Facts | None) -> list[str]:
        colour = self._colours.setdefault(
            label, _COLOURS[len(self._colours) % len(_COLOURS)]
        )
        head = self._styled(f"{label.ljust(self._width)} |", colour)
        if facts is None:
            return [f"{head} {clean(line)}"]
        texts = [
            console_text(facts, label),
            *str(facts.get("exception", "")).splitlines(),
        ]
        level = _LEVELS.get(str(facts.get("level")))
        return [f"{head} {self._styled(clean(text), level)}" for text in texts]

    def _styled(self, text: str, colour: str | None) -> str:
        return click.style(text, fg=colour) if self._has_colours and colour else text


def console_text(facts: Facts, label: str) -> str:
    """Return a log line's facts as a person reads them; who said it is the label."""
    skipped = _HEAD
    if label == SUPERVISOR:
        skipped = _HEAD | {"service"}
    elif facts.get("service") == label.partition(".")[0]:
        skipped = _HEAD | _OWN
    at = _time(str(facts.get("at", "")))
    level = str(facts.get("level", "")).ljust(7)
    rest = (f"{key}={_value(it)}" for key, it in facts.items() if key not in skipped)
    return " ".join([at, level, str(facts["event"]), *rest])


def _time(at: str) -> str:
    """Return the time of day where this process is, as the tables show it."""
    try:
        return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")
    except ValueError:
        return at


def _value(value: object) -> str:
    if isinstance(value, str) and value and " " not in value:
        return value
    if isinstance(value, list) and value:
        return ",".join(map(_value, cast("list[object]", value)))
    if isinstance(value, dict) and value:
        pairs = cast("dict[str, object]", value).items()
        return ",".join(f"{key}:{_value(it)}" for key, it in pairs)
    return json.dumps(value, ensure_ascii=False)


def _json_line(label: str, line: str, facts: Facts | None) -> str:
    if facts is not None:
        return f"{line}\n"
    # What a process says outside its log, such as a traceback, is still a line of JSON.
    told = {"level": "info", "event": "process.said", "from": label, "text": line}
    return f"{json.dumps(told)}\n"


Write: TypeAlias = Callable[[str, str, Facts | None], None]
"""Takes an instance's label, a line of it, and what the line says."""
