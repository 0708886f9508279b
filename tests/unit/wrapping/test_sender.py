"""The sender: in order, kept until confirmed, and held up by no message that is at fault."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import cast

import pytest

from recado.clock import SystemClock
from recado.errors import (
    DisconnectedError,
    RefusedError,
    TransportError,
    UnroutableError,
    UnsupportedError,
)
from recado.events import EVENTS_QUEUE
from recado.letter import Letter
from recado.log import get_logger
from recado.message import ID, RUN, Message, Outgoing
from recado.transport import Transport
from recado.transport.base import DEAD_LETTERS
from recado.transport.sizes import MAX_BODY
from recado.wrapping import sender as module
from recado.wrapping.journal import Journal
from recado.wrapping.sender import Sender

JOB = "d7c1c8f0-56fd-4c55-9d1e-1a2b3c4d5e6f"


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:  # pyright: ignore[reportUnusedFunction]
    monkeypatch.setattr(module, "FIRST_WAIT_S", 0.001)


class Broker:
    """A broker of which a test says what it does not take."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.letters: list[Outgoing] = []
        self.opens = 0
        self.away = 0
        """How often it is not there, when it is opened and after that."""
        self.refuses: Callable[[Outgoing], TransportError | None] = lambda _: None

    async def open(self) -> None:
        self.opens += 1
        self._be_there()

    async def declare(self, queues: Sequence[str], mode: str = "declare") -> None:
        assert set(queues) == {EVENTS_QUEUE, DEAD_LETTERS}

    async def publish(self, messages: Sequence[Outgoing]) -> None:
        self._be_there()
        for each in messages:
            if error := self.refuses(each):
                raise error
        for each in messages:
            self.taken.append(each.message.id)
            if each.queue == DEAD_LETTERS:
                self.letters.append(each)

    def _be_there(self) -> None:
        if self.away:
            self.away -= 1
            raise DisconnectedError("it is away")


def message(name: str, queue: str = "notes") -> Outgoing:
    """Return a message of a run."""
    return Outgoing(queue, Message(b"{}", {ID: name, RUN: "r"}), 5.0)


@asynccontextmanager
async def posting(folder: Path, broker: Broker) -> AsyncGenerator[Sender]:
    """Have a sender at work, on a journal in a folder."""
    with closing(Journal.open(folder, JOB)) as journal:
        transport = cast("Transport", broker)
        sender = Sender(transport, journal, SystemClock(), get_logger())
        work = asyncio.create_task(sender.run())
        try:
            yield sender
        finally:
            work.cancel()


async def emptied(sender: Sender) -> None:
    """Wait until everything is sent."""
    async with asyncio.timeout(10):
        await sender.emptied()


async def test_what_is_put_is_sent_in_order(tmp_path: Path) -> None:
    broker = Broker()

    async with posting(tmp_path, broker) as sender:
        for number in range(250):
            await sender.put([message(f"{number}")])
        await emptied(sender)

        assert (sender.left, sender.is_flowing) == (0, True)
    assert broker.taken == [f"{number}" for number in range(250)]


async def test_what_was_left_is_sent_first(tmp_path: Path) -> None:
    with closing(Journal.open(tmp_path, JOB)) as journal:
        journal.write([message("before")])
    broker = Broker()

    async with posting(tmp_path, broker) as sender:
        await sender.put([message("after")])
        await emptied(sender)

    assert broker.taken == ["before", "after"]


async def test_a_broker_that_is_away_is_waited_for(tmp_path: Path) -> None:
    broker = Broker()
    broker.away = 4

    async with posting(tmp_path, broker) as sender:
        await sender.put([message("one")])
        await sender.put([message("two")])
        await emptied(sender)

    assert broker.taken == ["one", "two"]
    assert broker.opens >= 4


async def test_nothing_goes_before_it_is_confirmed(tmp_path: Path) -> None:
    broker = Broker()
    broker.away = 1_000_000

    async with posting(tmp_path, broker) as sender:
        await sender.put([message("one")])

        assert (sender.left, sender.is_kept) == (1, True)
    with closing(Journal.open(tmp_path, JOB)) as journal:
        assert [journal.read(path) for path in journal.left()] == [[message("one")]]


@pytest.mark.parametrize("error", [UnroutableError("no queue"), UnsupportedError("no")])
async def test_an_output_without_a_queue_is_a_dead_letter_and_keeps_nothing_back(
    tmp_path: Path, error: TransportError
) -> None:
    broker = Broker()
    broker.refuses = lambda each: error if each.queue == "none" else None

    async with posting(tmp_path, broker) as sender:
        await sender.put([message("lost", "none"), message("told", EVENTS_QUEUE)])
        await sender.put([message("next")])
        await emptied(sender)

    assert broker.taken == ["lost", "told", "next"]
    (dead,) = broker.letters
    letter = Letter.read(dead.message.headers)
    assert letter is not None
    assert (letter.reason, letter.queue, letter.run) == ("unroutable", "none", "r")
    assert (dead.message.body, dead.delay_s) == (b"{}", 0.0)


async def test_a_posting_that_is_refused_keeps_none_of_the_others_back(
    tmp_path: Path,
) -> None:
    broker = Broker()
    broker.refuses = lambda each: (
        RefusedError("too large here") if each.message.id == "large" else None
    )

    async with posting(tmp_path, broker) as sender:
        for name in ("large", "small"):
            await sender.put([message(name)])
        async with asyncio.timeout(10):
            while sender.left > 1:  # noqa: ASYNC110 # nothing tells of the one that is left
                await asyncio.sleep(0.001)

        assert broker.taken == ["small"]
        broker.refuses = lambda _: None
        await emptied(sender)
    assert broker.taken == ["small", "large"]


async def test_many_postings_that_are_refused_keep_none_of_the_others_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 2)
    broker = Broker()
    broker.refuses = lambda each: (
        RefusedError("too large here") if each.message.id != "small" else None
    )

    async with posting(tmp_path, broker) as sender:
        for name in ("a", "b", "c", "small"):
            await sender.put([message(name)])
        async with asyncio.timeout(10):
            while sender.left > 3:  # noqa: ASYNC110 # nothing tells of those that are left
                await asyncio.sleep(0.001)

        assert broker.taken == ["small"]
        broker.refuses = lambda _: None
        await emptied(sender)
    assert sorted(broker.taken) == ["a", "b", "c", "small"]


async def test_events_wait_until_there_is_an_event_store(tmp_path: Path) -> None:
    broker = Broker()
    tries = iter([UnroutableError("none")] * 4)
    broker.refuses = lambda _: next(tries, None)

    async with posting(tmp_path, broker) as sender:
        await sender.put([message("told", EVENTS_QUEUE)])
        await emptied(sender)

    assert broker.taken == ["told"]
    assert broker.letters == []


async def test_what_no_broker_takes_is_refused_at_once(tmp_path: Path) -> None:
    large = Outgoing("notes", Message(bytes(MAX_BODY + 1), {ID: "x"}))

    async with posting(tmp_path, Broker()) as sender:
        with pytest.raises(RefusedError):
            await sender.put([large])

        assert sender.left == 0


async def test_a_full_disk_costs_the_safety_and_not_the_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(self: Journal, posting: Sequence[Outgoing]) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Journal, "write", full)
    broker = Broker()
    broker.away = 3

    async with posting(tmp_path, broker) as sender:
        await sender.put([message("one")])
        assert sender.is_kept is False
        await emptied(sender)

    assert broker.taken == ["one"]


async def test_a_journals_file_that_cannot_be_read_keeps_nothing_back(
    tmp_path: Path,
) -> None:
    with closing(Journal.open(tmp_path, JOB)) as journal:
        journal.write([message("broken")]).write_bytes(b"{")
    broker = Broker()

    async with posting(tmp_path, broker) as sender:
        await sender.put([message("whole")])
        await emptied(sender)

    assert broker.taken == ["whole"]
