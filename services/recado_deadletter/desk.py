"""The one thread that the database belongs to, and what to do while it is out of order.

Messages wait: a dead letter must not be given up because it cannot be written down now.
Requests are told: whoever asks would rather know.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, TypeVar

from recado.errors import RecadoError
from recado.retry import RetryLater, RetryPolicy
from recado_deadletter.database import Database

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

T = TypeVar("T")

PATIENCE: Final = RetryPolicy(first_s=0.1, cap_s=15.0)
"""How long the desk waits before it tries the database again."""

# Exactly these two classes: their children tell of faults in the program.
_OUTAGES: Final = (sqlite3.OperationalError, sqlite3.DatabaseError)


class UnavailableError(RecadoError):
    """Raised for a request while the dead letters' database cannot be used."""


class Desk:
    """Runs work on the database, one piece after the other, off the event loop."""

    def __init__(
        self,
        database: Database,
        stopping: asyncio.Event,
        log: FilteringBoundLogger,
        patience: RetryPolicy = PATIENCE,
    ) -> None:
        self._database = database
        self._stopping = stopping
        self._log = log
        self._patience = patience
        self._thread = ThreadPoolExecutor(1, "letters")
        self.waiting = False
        """Whether something waits for the database to work again."""

    async def insist(self, work: Callable[[], T]) -> T:
        """Do work on the database; wait as long as it is out of order.

        Raises:
            RetryLater: if the service stops meanwhile.
        """
        tries = 0
        while True:
            try:
                done = await self._run(work)
            except (sqlite3.Error, OSError) as error:
                if not _is_outage(error):
                    raise
                tries += 1
                await self._wait(tries, error)
            else:
                self.waiting = False
                return done

    async def attempt(self, work: Callable[[], T]) -> T:
        """Do work on the database once.

        Raises:
            UnavailableError: if it is out of order.
        """
        try:
            return await self._run(work)
        except (sqlite3.Error, OSError) as error:
            if not _is_outage(error):
                raise
            raise UnavailableError(
                f"the dead letters are not available now: {self._database.path}: {error}"
            ) from error

    async def close(self) -> None:
        """Finish what runs, and let go of the database."""
        await self._run(self._database.close)
        self._thread.shutdown()

    async def _run(self, work: Callable[[], T]) -> T:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError):
            # A connection that failed is made anew: it may be to a file that could only
            # be read, or is another one now.
            await loop.run_in_executor(self._thread, self._database.close)
            raise

    async def _wait(self, tries: int, error: Exception) -> None:
        self.waiting = True
        delay_s = self._patience.delay_s(tries, 0.0)
        self._log.error(
            "letters.waiting",
            database=str(self._database.path),
            error=str(error),
            tries=tries,
            again_in_s=delay_s,
        )
        try:
            async with asyncio.timeout(delay_s):
                await self._stopping.wait()
        except TimeoutError:
            return
        raise RetryLater(
            delay_s, f"stopped while the database was out of order: {error}"
        )


def _is_outage(error: Exception) -> bool:
    return isinstance(error, OSError) or type(error) in _OUTAGES
