"""The writer: one thread, many in a transaction, and each hears of its own end."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import sqlite3
import threading
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import Any

import pytest

from recado.errors import DisconnectedError, RefusedError, UnroutableError
from recado.message import Message, Outgoing
from recado.transport.embedded.schema import connect
from recado.transport.embedded.store import Store
from recado.transport.embedded.writer import Work, Writer

Woken = dict[int, int]


class Gate:
    """A lock that a test holds, as another process would."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.turns = 0

    def __enter__(self) -> None:
        self._lock.acquire()
        self.turns += 1

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def shut(self) -> None:
        self._lock.acquire()

    def open(self) -> None:
        self._lock.release()


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
async def writer(tmp_path: Path, gate: Gate) -> AsyncGenerator[Writer]:
    database = connect(str(tmp_path / "b.db"), durable=True)
    store = Store(database, lambda: 1.0, 20)
    store.declare(["work"])
    writer = Writer(store, gate, lambda _: None, durable=True, name="broker b.db")
    yield writer
    await writer.stop()


def put(body: bytes = b"{}", queue: str = "work") -> Callable[[Store], None]:
    return lambda store: store.publish([Outgoing(queue, Message(body, {}))])


def count(store: Store) -> int:
    row = store.database.execute("SELECT count(*) FROM message").fetchone()
    return int(row[0])


def fails(error: Exception) -> Callable[[Store], None]:
    def run(store: Store) -> None:
        put()(store)
        raise error

    return run


async def test_what_waits_while_one_writes_is_one_transaction(
    writer: Writer, gate: Gate
) -> None:
    gate.shut()
    first = asyncio.ensure_future(writer.do(put()))
    while not gate.turns:  # until it has been taken out of the queue
        gate.open()
        await first
        gate.shut()
    before = gate.turns
    waiting = [asyncio.ensure_future(writer.do(put())) for _ in range(50)]
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(*waiting)

    assert gate.turns - before <= 2
    assert await writer.do(count) == 51


async def test_one_that_fails_fails_alone_and_leaves_nothing_behind(
    writer: Writer, gate: Gate
) -> None:
    gate.shut()
    works = [put(), fails(ValueError("mine")), put(), put(queue="nowhere"), put()]
    futures = [asyncio.ensure_future(writer.do(work)) for work in works]
    await asyncio.sleep(0)
    gate.open()

    results = await asyncio.gather(*futures, return_exceptions=True)

    assert [type(result) for result in results] == [
        type(None),
        ValueError,
        type(None),
        UnroutableError,
        type(None),
    ]
    assert await writer.do(count) == 3


async def test_a_claim_comes_after_what_came_with_it(
    writer: Writer, gate: Gate
) -> None:
    gate.shut()
    seen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def heard(result: Any, _: BaseException | None) -> None:
        seen.set_result(result)

    first = asyncio.ensure_future(writer.do(count))
    await asyncio.sleep(0)
    writer.submit(Work(count, heard, is_claim=True))
    last = asyncio.ensure_future(writer.do(put()))
    await asyncio.sleep(0)
    gate.open()
    await asyncio.gather(first, last)

    assert await seen in {0, 1}
    assert await writer.do(count) == 1


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (sqlite3.OperationalError("disk I/O error"), "does not take it: disk I/O"),
        (OSError(errno.ENOSPC, "No space left on device"), "it: No space left"),
    ],
)
async def test_a_fault_of_the_disk_is_a_refusal_in_one_sentence(
    writer: Writer, error: Exception, says: str
) -> None:
    with pytest.raises(RefusedError, match=f"^broker b.db {says}.*$|{says}") as caught:
        await writer.do(fails(error))

    assert caught.value.__cause__ is error
    assert await writer.do(count) == 0


async def test_a_full_disk_refuses_and_takes_again_when_there_is_room(
    writer: Writer,
) -> None:
    def limit(pages: int) -> Callable[[Store], None]:
        def run(store: Store) -> None:
            store.database.execute(f"PRAGMA max_page_count={pages}")

        return run

    def fill(store: Store) -> None:
        put(b"x" * 40_000)(store)

    await writer.do(limit(30))
    results = await asyncio.gather(
        *(writer.do(fill) for _ in range(9)), return_exceptions=True
    )
    taken = results.count(None)
    await writer.do(limit(10_000))
    await writer.do(fill)

    assert 0 < taken < 9
    assert {str(each) for each in results if each} == {
        "broker b.db does not take it: database or disk is full"
    }
    assert await writer.do(count) == taken + 1


async def test_who_has_gone_does_not_disturb_the_others(
    writer: Writer, gate: Gate
) -> None:
    gate.shut()
    gone = asyncio.ensure_future(writer.do(put()))
    staying = asyncio.ensure_future(writer.do(put()))
    await asyncio.sleep(0)
    gone.cancel()
    gate.open()

    await staying

    assert gone.cancelled()
    assert await writer.do(count) == 2


async def test_what_waits_at_the_end_is_done_and_nothing_is_taken_later(
    writer: Writer, gate: Gate
) -> None:
    gate.shut()
    waiting = asyncio.ensure_future(writer.do(put()))
    await asyncio.sleep(0)
    stopping = asyncio.ensure_future(writer.stop())
    await asyncio.sleep(0)

    with pytest.raises(DisconnectedError, match=r"broker b\.db is closed"):
        writer.submit(Work(put(), lambda _, __: None))
    gate.open()

    await asyncio.gather(waiting, stopping)
    assert not writer.is_alive


async def test_stopping_can_be_given_up_while_another_process_writes(
    writer: Writer, gate: Gate
) -> None:
    gate.shut()
    waiting = asyncio.ensure_future(writer.do(put()))
    await asyncio.sleep(0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await writer.stop()

    gate.open()

    await asyncio.gather(waiting, writer.stop())


def test_a_loop_that_closes_while_work_is_in_flight_ends_without_a_word(
    tmp_path: Path,
) -> None:
    gate = Gate()
    gate.shut()

    async def leave() -> threading.Thread:
        database = connect(str(tmp_path / "b.db"), durable=True)
        writer = Writer(
            Store(database, lambda: 1.0, 20),
            gate,
            lambda _: None,
            durable=True,
            name="b",
        )
        writer.submit(Work(lambda store: store.declare(["a"]), lambda _, __: None))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                await writer.stop()
        [thread] = set(threading.enumerate()) - others
        return thread

    others = set(threading.enumerate())
    thread = asyncio.run(leave())
    gate.open()
    thread.join(10)
    gc.collect()

    assert not thread.is_alive()
    database = connect(str(tmp_path / "b.db"), durable=True)
    assert database.execute("SELECT count(*) FROM queue").fetchone() == (2,)
    database.close()
