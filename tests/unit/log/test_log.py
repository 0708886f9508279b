"""What a log line holds, and what it never does."""

import io
import json
import logging
import warnings
from collections.abc import Generator
from typing import Any

import pytest
import structlog

from recado.log import Format, Level, get_logger, set_up_logging

NOON = 1_769_860_800.0


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Gone(io.StringIO):
    def write(self, text: str) -> int:
        raise BrokenPipeError

    def flush(self) -> None:
        raise BrokenPipeError


@pytest.fixture(autouse=True)
def _as_before() -> Generator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    structlog.reset_defaults()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def set_up(
    level: Level = "info", format: Format = "auto", stream: io.StringIO | None = None
) -> io.StringIO:
    stream = io.StringIO() if stream is None else stream
    set_up_logging(level, format, "resize", "host.1", stream=stream, clock=lambda: NOON)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_of_json_says_when_who_and_what() -> None:
    stream = set_up()

    get_logger(queue="resize").info("service.started", prefetch=20)

    assert lines(stream) == [
        {
            "at": "2026-01-31T12:00:00.000Z",
            "level": "info",
            "event": "service.started",
            "service": "resize",
            "instance": "host.1",
            "queue": "resize",
            "prefetch": 20,
        }
    ]
    assert list(lines(stream)[0])[:5] == [
        "at",
        "level",
        "event",
        "service",
        "instance",
    ]


def test_without_service_and_instance_the_keys_are_left_out() -> None:
    stream = io.StringIO()
    set_up_logging("info", "json", stream=stream, clock=lambda: NOON)

    get_logger().warning("a.b")

    assert list(lines(stream)[0]) == ["at", "level", "event"]


def test_an_event_below_the_level_is_not_written() -> None:
    stream = set_up("warning")

    get_logger().info("a.b")
    logging.getLogger("library").info("c")
    get_logger().error("d.e")

    assert [line["event"] for line in lines(stream)] == ["d.e"]


def test_a_librarys_record_looks_like_an_event_of_ours() -> None:
    stream = set_up()

    logging.getLogger("aio_pika.connection").warning("lost %s", "amqp://me:key@h/")

    (line,) = lines(stream)
    assert line["event"] == "lost amqp://me:***@h/"
    assert (line["level"], line["service"]) == ("warning", "resize")
    assert line["logger"] == "aio_pika.connection"


def test_a_noisy_librarys_debug_lines_are_left_out() -> None:
    stream = set_up("debug")

    logging.getLogger("aiormq.connection").debug("frame")
    get_logger().debug("a.b")

    assert [line["event"] for line in lines(stream)] == ["a.b"]


def test_a_warning_of_python_becomes_a_line() -> None:
    stream = set_up()

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("old", DeprecationWarning, stacklevel=1)

    (line,) = lines(stream)
    assert line["logger"] == "py.warnings"
    assert "DeprecationWarning: old" in line["event"]


def test_context_variables_are_in_events_and_in_the_libraries_records() -> None:
    stream = set_up()

    with structlog.contextvars.bound_contextvars(message_id="m1"):
        get_logger().info("a.b")
        logging.getLogger("library").info("c")

    assert [line["message_id"] for line in lines(stream)] == ["m1", "m1"]


@pytest.mark.parametrize("format", ["json", "console"])
def test_a_password_is_masked_wherever_it_stands(format: Format) -> None:
    stream = set_up("info", format)
    url = "amqp://me:sesame@rabbit/"

    get_logger().info("a.b", broker=url, all=[{"url": url}], error=ValueError(url))
    try:
        raise ValueError(url)
    except ValueError:
        get_logger().exception("c.d")
        logging.getLogger("library").exception("e")

    assert "sesame" not in stream.getvalue()
    assert stream.getvalue().count("amqp://me:***@rabbit/") == 5


def test_an_exception_is_a_fact_of_its_line() -> None:
    stream = set_up()

    try:
        raise ValueError("why")
    except ValueError:
        get_logger().exception("a.b")
        logging.getLogger("library").exception("c")

    for line in lines(stream):
        assert line["level"] == "error"
        assert line["exception"].endswith("ValueError: why")


@pytest.mark.parametrize("fact", [b"\xff", "\ud800", object(), {1: {2}}, float("nan")])
def test_no_fact_makes_a_line_fail(fact: object) -> None:
    stream = set_up()

    get_logger().info("a.b", fact=fact, when=1.5)

    (line,) = lines(stream)
    assert line["event"] == "a.b"
    assert line["fact"] is not None


def test_a_terminal_gets_colours_and_a_pipe_none() -> None:
    terminal = set_up("info", "auto", Terminal())
    get_logger().info("a.b", queue="resize")
    pipe = set_up("info", "console")
    get_logger().info("a.b", queue="resize")

    assert "\x1b[" in terminal.getvalue()
    assert "\x1b[" not in pipe.getvalue()
    assert "a.b" in pipe.getvalue()
    assert "queue=resize" in pipe.getvalue()


def test_no_color_is_respected(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = set_up("info", "auto", Terminal())

    get_logger().info("a.b")

    assert "\x1b[" not in terminal.getvalue()


def test_a_traceback_on_a_terminal_does_not_show_local_variables() -> None:
    terminal = set_up("info", "auto", Terminal())

    secret = "".join(reversed("emases"))
    try:
        raise ValueError(len(secret))
    except ValueError:
        get_logger().exception("a.b")

    assert "sesame" not in terminal.getvalue()


def test_standard_out_is_where_lines_go_and_may_be_replaced(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_up_logging("info", "json", clock=lambda: NOON)
    log = get_logger()
    log.info("a.b")
    replaced = io.StringIO()
    monkeypatch.setattr("sys.stdout", replaced)
    log.info("c.d")

    assert json.loads(capsys.readouterr().out)["event"] == "a.b"
    assert lines(replaced)[0]["event"] == "c.d"


def test_a_log_that_nobody_reads_any_more_does_not_fail() -> None:
    set_up("info", "json", Gone())

    get_logger().info("a.b")
    logging.getLogger("library").info("c")


def test_what_the_streams_encoding_lacks_is_escaped() -> None:
    raw = io.BytesIO()
    set_up_logging("info", "json", stream=io.TextIOWrapper(raw, "ascii"))

    get_logger().info("a.b", name="José")

    assert json.loads(raw.getvalue().replace(b"\\x", b"\\u00"))["name"] == "José"
