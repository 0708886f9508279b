"""A message that is moved ends when its copy is safe, and not before."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from recado.errors import DisconnectedError, RefusedError
from recado.message import ID, Message
from recado.transport.base import DEAD_LETTERS, Delivery
from recado.transport.rabbitmq import moves as module
from recado.transport.rabbitmq.frames import Parcel
from recado.transport.rabbitmq.moves import Moves, replacement
from recado.transport.rabbitmq.publisher import ReturnedError
from recado.transport.rabbitmq.received import read

if TYPE_CHECKING:
    from recado.transport import Transport
    from recado.transport.rabbitmq.transport import RabbitTransport


@dataclass
class Queue:
    """A broker that fails as it is told, and everything the moves know of it."""

    fails: list[Exception] = field(default_factory=list[Exception])
    sent: list[Parcel] = field(default_factory=list[Parcel])
    acked: list[int] = field(default_factory=list[int])
    restored: list[str] = field(default_factory=list[str])

    @property
    def publisher(self) -> Queue:
        return self

    @property
    def topology(self) -> Queue:
        return self

    async def publish(self, parcels: Sequence[Parcel]) -> None:
        if self.fails:
            raise self.fails.pop(0)
        self.sent += parcels

    def forget(self, queues: Sequence[str]) -> None:
        assert queues

    async def restore(self, queue: str) -> bool:
        self.restored.append(queue)
        return True

    def ack(self, tag: int) -> None:
        self.acked.append(tag)


@dataclass
class Tag:
    """What is known of a delivery."""

    lane: Queue
    number: int = 7
    expires: str = ""
    is_suspect: bool = False


def delivery(queue: Queue, attempt: int = 1, name: str = "work") -> Delivery:
    message = Message(b"{}", {ID: "a"})
    return Delivery(message, name, attempt, cast("Transport", None), Tag(queue), 4)


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    monkeypatch.setattr(module, "_PAUSE_S", 0.0)
    return Queue()


async def moved(queue: Queue) -> list[str]:
    """Put a message back; return what came after it."""
    told: list[str] = []
    over = asyncio.Event()
    moves = Moves(cast("RabbitTransport", queue), "work", over.set)
    moves.put_back([delivery(queue)], lambda: told.append("then"))
    assert not moves.are_over
    await over.wait()
    assert moves.are_over
    return told


async def test_a_message_ends_when_its_copy_is_safe(queue: Queue) -> None:
    assert await moved(queue) == ["then"]

    assert [each.key for each in queue.sent] == ["work"]
    assert queue.acked == [7]


async def test_a_copy_that_is_refused_is_sent_again(queue: Queue) -> None:
    queue.fails = [RefusedError("full"), RefusedError("full")]

    await moved(queue)

    assert (len(queue.sent), queue.acked) == (1, [7])


async def test_a_queue_that_has_gone_is_made_again(queue: Queue) -> None:
    queue.fails = [ReturnedError(["work"])]

    await moved(queue)

    assert (queue.restored, len(queue.sent), queue.acked) == (["work"], 1, [7])


async def test_what_cannot_be_sent_any_more_is_left_to_the_broker(queue: Queue) -> None:
    queue.fails = [DisconnectedError("closed")]

    assert await moved(queue) == []

    assert (queue.sent, queue.acked) == ([], [])


async def test_what_is_given_up_on_its_way_does_not_end(queue: Queue) -> None:
    moves = Moves(cast("RabbitTransport", queue), "work", lambda: None)
    moves.put_back([delivery(queue)])

    await moves.close()

    assert (moves.are_over, queue.acked) == (True, [])


def replaced(headers: dict[str, object], attempt: int = 1, name: str = "work") -> str:
    """Return where the copy goes that takes a message's place; empty if none does."""
    told = read(headers, name, redelivered=False)
    copy = replacement(delivery(Queue(), attempt, name), told, ceiling=3, now=0.0)
    return "" if copy is None else f"{copy.key} {sorted(copy.headers)}"


def test_a_message_of_ours_is_delivered_as_it_is() -> None:
    assert replaced({ID: "a"}, attempt=3) == ""


def test_a_message_beyond_the_ceiling_is_a_dead_letter() -> None:
    assert replaced({ID: "a"}, attempt=4).startswith(f"{DEAD_LETTERS} ")


def test_a_dead_letter_dies_no_second_death() -> None:
    assert replaced({ID: "a"}, attempt=4, name=DEAD_LETTERS) == ""


def test_a_message_without_an_id_gets_one() -> None:
    assert replaced({"n": 3}) == "work ['n', 'recado-adopted', 'recado-id']"


def test_a_message_that_crashed_often_is_counted_anew() -> None:
    told = replaced({ID: "a", "x-delivery-count": 3}, attempt=2)

    assert told == "work ['recado-attempt', 'recado-id', 'recado-suspect']"
