"""Waiting for a database that is away, as long as the service is not to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from structlog.typing import FilteringBoundLogger

from recado.clock import Clock, told
from recado.errors import ConfigError
from recado.retry import RetryLater, RetryPolicy
from recado_eventstore.store import StoreAwayError

T = TypeVar("T")

BACKOFF: Final = RetryPolicy(first_s=0.1, cap_s=10.0, jitter=0.0)


async def patiently(
    action: Callable[[], Awaitable[T]],
    stopping: asyncio.Event,
    log: FilteringBoundLogger,
    clock: Clock,
) -> T:
    """Return what an action returns, repeating it while the database cannot be used.

    Raises:
        RetryLater: if the service is to stop before that.
    """
    attempt = 0
    while True:
        try:
            result = await action()
        except (StoreAwayError, ConfigError) as error:
            attempt += 1
            reason = str(error)
        else:
            if attempt:
                log.info("store.back", attempts=attempt)
            return result
        wait_s = BACKOFF.delay_s(attempt, 0.0)
        log.warning("store.waiting", reason=reason, attempt=attempt, wait_s=wait_s)
        if await told(clock, stopping, wait_s):
            raise RetryLater(0.0, f"the event store stops: {reason}")
