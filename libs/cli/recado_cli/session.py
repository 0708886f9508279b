"""Talking to the suite: a connection to the broker, and clear words if nobody answers."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncGenerator, Coroutine, Generator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

import structlog

from recado.config import Settings, shown
from recado.errors import RequestTimeoutError, UnroutableError
from recado.transport import Transport, make_transport
from recado_cli.failing import AwayError

T = TypeVar("T")


def wait_for(work: Coroutine[Any, Any, T]) -> T:
    """Do work on an event loop of its own, and return what came of it."""
    return asyncio.run(work)


@asynccontextmanager
async def connected(settings: Settings) -> AsyncGenerator[Transport]:
    """Be connected to the broker for a while.

    Raises:
        AwayError: if it is the embedded one, and its file was never made.
        DisconnectedError: if the broker is away.
    """
    check_there(settings.broker)
    _log_aside()
    transport = make_transport(settings.broker)
    await transport.open()
    try:
        yield transport
    finally:
        await transport.close()


@contextmanager
def asking(service: str, settings: Settings) -> Generator[None]:
    """Say what to do if a service that is asked in here does not answer.

    Raises:
        AwayError: if it never ran on this broker, or does not answer now.
    """
    try:
        yield
    except UnroutableError as error:
        raise AwayError(
            f"the {service} service never ran on {shown(settings.broker)}; "
            "start the suite with 'recado up'"
        ) from error
    except RequestTimeoutError as error:
        raise AwayError(
            f"the {service} service does not answer on {shown(settings.broker)}; "
            "is the suite running? ('recado status' tells, 'recado up' starts it)"
        ) from error


def _log_aside() -> None:
    """Have what the transport logs go to standard error: standard out is for data."""
    if not structlog.is_configured():
        structlog.configure(logger_factory=lambda *_: structlog.PrintLogger(sys.stderr))


def check_there(broker: str) -> None:
    """Let a broker's URL pass, unless it is the embedded one's, and its file is not there.

    Raises:
        AwayError: if its file was never made.
    """
    if not broker.startswith("sqlite:"):
        return
    from recado.transport.embedded.place import read_url

    path = read_url(broker).path
    if path is not None and not path.exists():
        raise AwayError(f"there is no broker at {path}; start one with 'recado up'")
