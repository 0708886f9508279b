"""Waiting for the log to grow, and telling others that it did."""

from __future__ import annotations

import asyncio

from recado.errors import DisconnectedError, TransportError
from recado.message import Outgoing, decode
from recado_eventstore.announcer import Announcer
from recado_eventstore.tail import Tail


class Broker:
    """Takes messages one at a time, when it is let."""

    def __init__(self) -> None:
        self.told: list[int] = []
        self.gate = asyncio.Event()
        self.error: TransportError | None = None

    async def publish(self, messages: list[Outgoing]) -> None:
        (outgoing,) = messages
        assert outgoing.is_topic
        assert not outgoing.mandatory
        self.told.append(decode(outgoing.message.body)["position"])
        await self.gate.wait()
        if self.error:
            raise self.error


async def turns(number: int = 5) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


async def test_whoever_waits_is_told_when_the_log_grows() -> None:
    tail = Tail(5)
    waits = [asyncio.create_task(tail.beyond(position)) for position in (4, 5, 6)]

    await turns()
    assert [wait.done() for wait in waits] == [True, False, False]
    tail.advance(6)
    await turns()
    assert [wait.done() for wait in waits] == [True, True, False]
    tail.advance(9)
    await asyncio.gather(*waits)


async def test_an_old_position_moves_nothing() -> None:
    tail = Tail(5)

    tail.advance(4)

    assert tail.position == 5


async def test_what_grows_meanwhile_is_told_of_all_at_once() -> None:
    broker = Broker()
    announcer = Announcer(broker.publish, lambda _: None)

    for position in (1, 2, 3):
        announcer.tell(position)
        await turns()
    assert broker.told == [1]

    broker.gate.set()
    await turns()
    assert broker.told == [1, 3]


async def test_a_position_is_told_once() -> None:
    broker = Broker()
    broker.gate.set()
    announcer = Announcer(broker.publish, lambda _: None)

    announcer.tell(3)
    await turns()
    announcer.tell(2)
    announcer.tell(3)
    await turns()

    assert broker.told == [3]


async def test_an_announcement_that_is_lost_is_noted_and_the_next_one_goes_out() -> (
    None
):
    broker, errors = Broker(), list[TransportError]()
    broker.gate.set()
    broker.error = DisconnectedError("away")
    announcer = Announcer(broker.publish, errors.append)

    announcer.tell(1)
    await turns()
    announcer.tell(2)
    await turns()

    assert errors == [broker.error, broker.error]
    assert broker.told == [1, 2]


async def test_closing_does_not_wait_for_a_broker_that_is_away() -> None:
    broker = Broker()
    announcer = Announcer(broker.publish, lambda _: None)
    announcer.tell(1)
    await turns()

    await announcer.close()

    assert not broker.gate.is_set()
