"""Who consumes what, and how much of it."""

import asyncio

import pytest

from recado.errors import UnroutableError
from recado.transport import Delivery, Transport
from tests.transport.broker import Broker
from tests.transport.inbox import (
    Inbox,
    consuming,
    dead_letters,
    eventually,
    ids,
    queued,
    to,
)

TEN = [f"m{number}" for number in range(10)]


async def test_no_more_are_held_than_the_prefetch_says(
    broker: Broker, transport: Transport
) -> None:
    await transport.publish(to("work", *TEN))

    inbox = await consuming(transport, "work", prefetch=3)
    held = await inbox.take(3)

    seen = broker.differences.seen(*TEN[3:], held=TEN[:3])
    assert await queued(broker, "work") == seen
    assert inbox.waiting == 0
    for settle in (held[0].done(), held[1].release(), held[2].dead_letter({})):
        await settle
        await inbox.next()
        assert inbox.waiting == 0


async def test_a_failed_settlement_makes_no_room(
    broker: Broker, transport: Transport
) -> None:
    await transport.publish(to("work", *TEN))
    inbox = await consuming(transport, "work", prefetch=1)
    delivery = await inbox.next()

    with pytest.raises(Exception, match="nowhere"):
        await delivery.done(to("nowhere", "x"))
    await delivery.release()
    again = await inbox.next()

    assert again.message.id == ("m0" if broker.differences.releases_in_place else "m1")
    assert inbox.waiting == 0


async def test_each_message_goes_to_one_of_the_consumers(
    broker: Broker, transport: Transport
) -> None:
    other = await broker.open()
    inboxes = [
        await consuming(transport, "work", prefetch=5),
        await consuming(other, "work", prefetch=5),
    ]

    await transport.publish(to("work", *TEN))

    shares = [await inbox.take(5) for inbox in inboxes]
    assert sorted(ids([*shares[0], *shares[1]])) == TEN


async def test_a_consumer_hears_of_a_message_at_once(
    broker: Broker, transport: Transport
) -> None:
    publisher = await broker.open()
    inbox = await consuming(transport, "work")

    for name in TEN:
        await publisher.publish(to("work", name))
        delivery = await inbox.next(within_s=1.0)
        assert delivery.message.id == name
        await delivery.done()


async def test_two_queues_are_consumed_side_by_side(transport: Transport) -> None:
    await transport.declare(["other"])
    here = await consuming(transport, "work")
    there = await consuming(transport, "other")

    await transport.publish([*to("work", "a"), *to("other", "b")])

    assert (await here.next()).queue == "work"
    assert (await there.next()).queue == "other"


async def test_a_cancelled_consumer_takes_no_more_and_keeps_what_it_holds(
    broker: Broker, transport: Transport
) -> None:
    inbox = Inbox()
    consumer = await transport.consume("work", inbox, prefetch=10)
    await transport.publish(to("work", "a"))
    held = await inbox.next()

    await consumer.cancel()
    await transport.publish(to("work", "b"))
    other = await consuming(await broker.open(), "work")

    assert (await other.next()).message.id == "b"
    assert (other.waiting, inbox.waiting) == (0, 0)
    await held.done()
    assert await queued(broker, "work") == broker.differences.seen(held=["b"])


async def test_a_queue_can_be_consumed_again_after_a_cancel(
    transport: Transport,
) -> None:
    consumer = await transport.consume("work", Inbox())
    await consumer.cancel()

    inbox = await consuming(transport, "work")
    await transport.publish(to("work", "a"))

    assert (await inbox.next()).message.id == "a"


async def test_closing_puts_back_what_is_held_unharmed(
    broker: Broker, transport: Transport
) -> None:
    leaving = await broker.open()
    await transport.publish(to("work", "a", "b"))
    leaving_inbox = await consuming(leaving, "work")
    for delivery in await leaving_inbox.take(2):
        delivery.began()

    await leaving.close()
    inbox = await consuming(transport, "work")

    back = await inbox.take(2)
    assert [(it.message.id, it.attempt) for it in back] == [("a", 1), ("b", 1)]


async def test_closing_harms_nothing_that_has_arrived(
    broker: Broker, transport: Transport
) -> None:
    await transport.publish(to("work", *TEN))
    for _ in range(3):
        leaving = await broker.open()
        inbox = await consuming(leaving, "work", prefetch=7)
        await inbox.take(7)
        await leaving.close()

    assert await handled(transport, len(TEN)) == dict.fromkeys(TEN, 1)


async def test_closing_loses_nothing_that_is_on_its_way(
    broker: Broker, transport: Transport
) -> None:
    names = [f"m{number:03}" for number in range(200)]
    await transport.publish(to("work", *names))
    for _ in range(2):
        leaving = await broker.open()
        await consuming(leaving, "work")
        await leaving.close()

    attempts = await handled(transport, len(names))

    assert sorted(attempts) == names
    if not broker.differences.may_count_at_close:
        assert set(attempts.values()) == {1}
    assert await dead_letters(broker) == {}


async def handled(transport: Transport, count: int) -> dict[str, int]:
    """Be done with so many messages, one by one; return their attempts by id."""
    inbox = await consuming(transport, "work")
    attempts: dict[str, int] = {}
    for _ in range(count):
        delivery = await inbox.next()
        attempts[delivery.message.id] = delivery.attempt
        await delivery.done()
    return attempts


async def test_a_queue_that_nobody_declared_is_not_consumed(
    transport: Transport,
) -> None:
    with pytest.raises(UnroutableError, match="wrok"):
        await transport.consume("wrok", Inbox())


async def test_a_transport_tells_whether_it_is_alive(broker: Broker) -> None:
    transport = await broker.open()
    assert transport.is_alive

    await transport.close()

    assert not transport.is_alive


async def test_closing_twice_is_closing_once(broker: Broker) -> None:
    transport = await broker.open()

    await transport.close()
    await transport.close()

    assert not transport.is_alive


async def test_closing_a_lost_connection_takes_no_time(
    broker: Broker, transport: Transport
) -> None:
    await transport.publish(to("work", "a"))
    inbox = await consuming(transport, "work")
    await inbox.next()
    await broker.abandon(transport)

    async with asyncio.timeout(1.0):
        await transport.close()


async def test_a_slow_consumer_does_not_keep_the_others_waiting(
    broker: Broker, transport: Transport
) -> None:
    slow = await consuming(await broker.open(), "work", prefetch=1)
    await transport.publish(to("work", "a"))
    held: Delivery = await slow.next()

    inbox = await consuming(transport, "work", prefetch=1)
    await transport.publish(to("work", *TEN))
    seen: list[str] = []
    for _ in TEN:
        delivery = await inbox.next(within_s=2.0)
        seen.append(delivery.message.id)
        await delivery.done()

    async def empty() -> bool:
        return (await transport.depth("work")).total == 0

    assert seen == TEN
    await held.done()
    await eventually(empty, "the queue is empty")
