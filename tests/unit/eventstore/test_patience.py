"""Waiting for a database that is away."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs
from structlog.typing import FilteringBoundLogger

from recado.errors import ConfigError, ConflictError
from recado.log import get_logger
from recado.retry import RetryLater
from recado_eventstore.patience import patiently
from recado_eventstore.store import StoreAwayError
from tests.unit.eventstore.impatient import Impatient

log: FilteringBoundLogger = get_logger()


class Flaky:
    """Fails some times, then does what it should."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)

    async def __call__(self) -> str:
        if self.errors:
            raise self.errors.pop(0)
        return "done"


async def test_an_action_is_repeated_until_the_database_is_back() -> None:
    clock = Impatient()
    flaky = Flaky(*(StoreAwayError("locked") for _ in range(9)))

    with capture_logs() as logged:
        assert await patiently(flaky, asyncio.Event(), log, clock) == "done"

    assert clock.waits[:4] == [0.1, 0.2, 0.4, 0.8]
    assert clock.waits[-1] == 10.0
    assert [entry["event"] for entry in logged] == ["store.waiting"] * 9 + [
        "store.back"
    ]
    assert logged[0]["reason"] == "locked"


async def test_a_file_that_cannot_be_used_is_waited_for_too() -> None:
    flaky = Flaky(ConfigError("is not an event database"))

    assert await patiently(flaky, asyncio.Event(), log, Impatient()) == "done"


async def test_any_other_error_ends_the_wait() -> None:
    flaky = Flaky(StoreAwayError("locked"), ConflictError("s", 1, 2))

    with pytest.raises(ConflictError):
        await patiently(flaky, asyncio.Event(), log, Impatient())


async def test_a_service_that_stops_hands_the_message_back() -> None:
    stopping = asyncio.Event()
    clock = Impatient(stopping.set)

    with pytest.raises(RetryLater, match="the event store stops: locked"):
        await patiently(Flaky(StoreAwayError("locked")), stopping, log, clock)
