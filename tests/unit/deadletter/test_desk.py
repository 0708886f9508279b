"""The desk: work on the database, off the loop, and patience while it is out of order."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable

import pytest
import structlog
from structlog.testing import capture_logs

from recado.retry import RetryLater, RetryPolicy
from recado_deadletter.database import Database
from recado_deadletter.desk import Desk, UnavailableError


@pytest.fixture
def stopping() -> asyncio.Event:
    return asyncio.Event()


@pytest.fixture
async def desk(database: Database, stopping: asyncio.Event) -> AsyncIterator[Desk]:
    patience = RetryPolicy(first_s=0.001, cap_s=0.001)
    made = Desk(database, stopping, structlog.get_logger(), patience)
    yield made
    await made.close()


def failing(times: int, error: Exception) -> Callable[[], str]:
    left = [error] * times

    def work() -> str:
        if left:
            raise left.pop()
        return "done"

    return work


@pytest.mark.parametrize(
    "error",
    [
        sqlite3.OperationalError("database or disk is full"),
        sqlite3.DatabaseError("database disk image is malformed"),
        PermissionError("read-only"),
    ],
)
async def test_work_is_tried_until_the_database_is_back(
    desk: Desk, error: Exception
) -> None:
    with capture_logs() as logs:
        done = await desk.insist(failing(3, error))

    assert done == "done"
    assert [line["event"] for line in logs] == ["letters.waiting"] * 3
    assert logs[0]["error"] == str(error)
    assert not desk.waiting


async def test_waiting_ends_when_the_service_stops(
    desk: Desk, stopping: asyncio.Event
) -> None:
    stopping.set()

    with pytest.raises(RetryLater, match="out of order: locked"):
        await desk.insist(failing(1, sqlite3.OperationalError("locked")))

    assert desk.waiting


@pytest.mark.parametrize("error", [sqlite3.IntegrityError("x"), ValueError("x")])
async def test_a_fault_of_the_program_is_not_waited_for(
    desk: Desk, error: Exception
) -> None:
    with pytest.raises(type(error)):
        await desk.insist(failing(1, error))
    with pytest.raises(type(error)):
        await desk.attempt(failing(1, error))


async def test_whoever_asks_is_told_that_the_database_is_out_of_order(
    desk: Desk, database: Database
) -> None:
    with pytest.raises(UnavailableError, match=f"{database.path}: locked"):
        await desk.attempt(failing(1, sqlite3.OperationalError("locked")))


async def test_all_work_is_done_in_one_thread_that_is_not_the_loops(desk: Desk) -> None:
    threads = [await desk.attempt(threading.get_ident) for _ in range(3)]

    assert len({*threads}) == 1
    assert threads[0] != threading.get_ident()
