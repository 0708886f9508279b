"""Logging: one line for each event, on standard out, from recado and the libraries alike.

The event is a constant with a dot in it, the facts are keys::

    log = get_logger()
    log.info("service.started", queue="resize", prefetch=20)

A terminal gets colours; anything else gets JSON with ``at``, ``level``, ``event``,
``service`` and ``instance`` first. Passwords in URLs are masked, wherever they stand.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, Literal, TextIO, TypeAlias, cast

import structlog
from pydantic_core import to_json

from recado.config import shown

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from recado.message import Message

Facts: TypeAlias = dict[str, Any]
Level: TypeAlias = Literal["debug", "info", "warning", "error"]
Format: TypeAlias = Literal["auto", "json", "console"]

# Setting it costs next to nothing, unlike binding facts; lines are rarer than messages.
handling: ContextVar[Message | None] = ContextVar("handling", default=None)
"""The message that is being handled here; every line tells its id and its run."""

_NOISY: Final = ("aio_pika", "aiormq", "aiostomp", "asyncio", "uvicorn")


def set_up_logging(
    level: Level = "info",
    format: Format = "auto",
    service: str | None = None,
    instance: str | None = None,
    *,
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Have everything logged from now on appear as lines on standard out.

    The libraries' own records, and Python's warnings, take the same way; their debug
    lines are left out. ``stream`` is for those who log elsewhere, such as the command.
    """
    lines = _Lines(stream)
    chain = _Chain(service, instance, clock, _renderer(format, lines))
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            _add_message,
            structlog.processors.add_log_level,
            chain,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=lambda *_: lines,
        # So that a level which is off costs next to nothing.
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(lines)
    handler.setFormatter(_Formatter(chain))
    logging.basicConfig(level=number, handlers=[handler], force=True)
    for name in _NOISY:
        logging.getLogger(name).setLevel(max(number, logging.INFO))
    logging.captureWarnings(True)


def get_logger(**facts: object) -> FilteringBoundLogger:
    """Return a logger that adds ``facts`` to each of its events."""
    return cast("FilteringBoundLogger", structlog.get_logger(**facts))


def _add_message(
    logger: object, method: str, event_dict: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    message = handling.get()
    if message is not None:
        event_dict.setdefault("message_id", message.id)
        event_dict.setdefault("run", message.run)
    return event_dict


class _Lines:
    """A stream that takes whole lines, and a structlog logger that writes them.

    Standard out is looked up at each line, since it may be replaced meanwhile.
    """

    encoding = "utf-8"

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream

    @property
    def stream(self) -> TextIO:
        return self._stream or sys.stdout

    def msg(self, line: str) -> None:
        self.write(line + "\n")
        self.flush()

    debug = info = warning = error = critical = exception = log = msg

    def write(self, text: str) -> None:
        stream = self.stream
        encoding = stream.encoding or "utf-8"
        # Nobody reading any more is no reason for a service to fail.
        try:
            stream.write(text.encode(encoding, "backslashreplace").decode(encoding))
        except OSError:
            return

    def flush(self) -> None:
        try:
            self.stream.flush()
        except OSError:
            return


class _Chain:
    """Makes a line of an event: time, service and instance, then the rendering."""

    def __init__(
        self,
        service: str | None,
        instance: str | None,
        clock: Callable[[], float],
        render: Callable[[Facts], str],
    ) -> None:
        self._who = {
            key: value
            for key, value in (("service", service), ("instance", instance))
            if value is not None
        }
        self._clock = clock
        self._render = render

    def __call__(
        self, logger: object, method: str, event_dict: MutableMapping[str, Any]
    ) -> str:
        facts = dict(event_dict)
        at = datetime.fromtimestamp(self._clock(), UTC)
        head: Facts = {
            "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": facts.pop("level", method),
            "event": facts.pop("event", ""),
        }
        line = self._render(head | self._who | facts)
        return shown(line) if "://" in line else line


class _Formatter(logging.Formatter):
    """Renders the libraries' records as if they were events of ours."""

    def __init__(self, chain: _Chain) -> None:
        super().__init__()
        self._chain = chain

    def format(self, record: logging.LogRecord) -> str:
        level = record.levelname.lower()
        facts: Facts = {
            "level": level,
            "event": record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            facts["exc_info"] = record.exc_info
        structlog.contextvars.merge_contextvars(None, level, facts)
        _add_message(None, level, facts)
        return self._chain(None, level, facts)


def _renderer(format: Format, lines: _Lines) -> Callable[[Facts], str]:
    is_terminal = lines.stream.isatty()
    if format == "json" or (format == "auto" and not is_terminal):
        return _json_line
    console = structlog.dev.ConsoleRenderer(
        colors=is_terminal and not os.environ.get("NO_COLOR"),
        timestamp_key="at",
        sort_keys=False,
        # Not the one with the local variables: secrets are among them.
        exception_formatter=structlog.dev.plain_traceback,
    )
    return lambda facts: str(console(None, "", facts))


def _json_line(facts: Facts) -> str:
    structlog.processors.format_exc_info(None, "", facts)
    try:
        return to_json(facts, fallback=repr, inf_nan_mode="strings").decode()
    except ValueError:
        # A log line must not fail for what is in it: bytes, or half a character.
        return json.dumps({key: _plain(value) for key, value in facts.items()})


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | None) else repr(value)
