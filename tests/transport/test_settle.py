"""A delivery ends once, in one of four ways, together with everything that it sends."""

import asyncio

import pytest

from recado.errors import (
    DisconnectedError,
    SettledError,
    UnroutableError,
)
from recado.message import HIGHEST, Message, Outgoing
from recado.transport import (
    DEAD_LETTERS,
    Delivery,
    Settlement,
    Transport,
    UnsettledError,
    Verdict,
)
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


async def delivered(transport: Transport, *names: str) -> tuple[Inbox, list[Delivery]]:
    await transport.publish(to("work", *names))
    inbox = await consuming(transport, "work")
    return inbox, await inbox.take(len(names))


async def vanish(broker: Broker, transport: Transport) -> Inbox:
    """Have a transport crash, and return what its messages come back to."""
    await broker.abandon(transport)
    return await consuming(await broker.open(), "work")


async def test_what_is_done_is_gone_and_what_it_sent_is_there(
    broker: Broker,
    transport: Transport,
) -> None:
    await transport.declare(["next"])
    _, (delivery,) = await delivered(transport, "a")

    await delivery.done([*to("next", "b", "c"), *to("work", "d", delay_s=60)])

    assert await queued(broker, "next") == ["b", "c"]
    assert await queued(broker, "work") == broker.differences.seen(delayed=["d"])


async def test_what_is_done_does_not_come_back_after_a_crash(
    broker: Broker, transport: Transport
) -> None:
    _, (delivery,) = await delivered(transport, "a")
    await delivery.done()

    other = await broker.open()
    await broker.abandon(transport)

    assert (await other.depth("work")).total == 0


async def test_a_retried_message_comes_back_later_as_the_next_attempt(
    broker: Broker, transport: Transport
) -> None:
    inbox, (first,) = await delivered(transport, "a")

    await transport.settle(
        [
            Settlement(
                first,
                Verdict.RETRY,
                to("work", "sent"),
                headers={"recado-history": "é"},
                after_s=1.0,
            )
        ]
    )
    assert (await inbox.next()).message.id == "sent"
    await broker.advance(1.0)
    second = await inbox.next()

    assert first.attempt == 1
    assert (second.message.id, second.attempt) == ("a", 2)
    assert second.message.headers["recado-history"] == "é"
    assert second.message.body == first.message.body


async def test_a_message_retried_at_once_comes_back_at_once(
    transport: Transport,
) -> None:
    inbox, (delivery,) = await delivered(transport, "a")
    for attempt in (2, 3, 4):
        await delivery.retry()
        delivery = await inbox.next()
        assert (delivery.message.id, delivery.attempt) == ("a", attempt)


async def test_a_retry_waits_for_its_time(transport: Transport) -> None:
    inbox, (delivery,) = await delivered(transport, "a")

    await delivery.retry(after_s=60.0)
    await transport.publish(to("work", "b"))

    assert (await inbox.next()).message.id == "b"
    assert inbox.waiting == 0


async def test_a_retried_message_keeps_its_priority(transport: Transport) -> None:
    await transport.publish(to("work", "a", priority=HIGHEST))
    inbox = await consuming(transport, "work")

    await (await inbox.next()).retry()

    assert (await inbox.next()).priority == HIGHEST


async def test_a_dead_letter_keeps_its_bytes_and_headers_and_gets_a_reason(
    broker: Broker,
    transport: Transport,
) -> None:
    body, headers = bytes(range(256)), {"recado-id": "a", "x-mine": "kept ✓"}
    await transport.publish([Outgoing("work", Message(body, headers))])
    inbox = await consuming(transport, "work")

    await (await inbox.next()).dead_letter({"recado-letter": '{"reason": "why"}'})

    letter = (await dead_letters(broker))["a"]
    assert letter.body == body
    assert letter.headers["x-mine"] == "kept ✓"
    assert letter.headers["recado-letter"] == '{"reason": "why"}'
    assert (await transport.depth("work")).total == 0


async def test_a_dead_letter_begins_anew_for_who_takes_it(transport: Transport) -> None:
    inbox, (delivery,) = await delivered(transport, "a")
    await delivery.retry()
    await (await inbox.next()).dead_letter({})

    letters = await consuming(transport, DEAD_LETTERS)

    letter = await letters.next()
    assert (letter.message.id, letter.attempt) == ("a", 1)


async def test_a_released_message_comes_back_unharmed(transport: Transport) -> None:
    inbox, (first,) = await delivered(transport, "a")
    first.began()

    await first.release()
    second = await inbox.next()
    await second.retry()
    third = await inbox.next()

    assert [first.attempt, second.attempt, third.attempt] == [1, 1, 2]
    assert second.message.headers == first.message.headers


async def test_a_delivery_is_settled_once(broker: Broker, transport: Transport) -> None:
    _, (delivery,) = await delivered(transport, "a")
    await delivery.done()

    for again in (
        delivery.done(to("work", "b")),
        delivery.retry(),
        delivery.dead_letter({}),
        delivery.release(),
    ):
        with pytest.raises(SettledError):
            await again

    assert await queued(broker, "work") == []
    assert await dead_letters(broker) == {}


async def test_a_batch_with_a_settled_delivery_leaves_the_others_alone(
    broker: Broker,
    transport: Transport,
) -> None:
    _, (a, b) = await delivered(transport, "a", "b")
    await a.done()

    with pytest.raises(SettledError):
        await transport.settle(
            [Settlement(b, Verdict.DONE), Settlement(a, Verdict.DONE)]
        )

    assert await queued(broker, "work") == broker.differences.seen(held=["b"])
    await b.done()


async def test_a_delivery_that_is_twice_in_a_batch_is_refused_and_stays_held(
    transport: Transport,
) -> None:
    _, (a, b) = await delivered(transport, "a", "b")

    with pytest.raises(SettledError):
        await transport.settle([Settlement(it, Verdict.DONE) for it in (b, a, a)])

    await transport.settle([Settlement(it, Verdict.DONE) for it in (a, b)])
    assert (await transport.depth("work")).total == 0


async def test_a_settlement_whose_caller_is_cancelled_ends_the_delivery_or_does_not(
    transport: Transport,
) -> None:
    names = [f"m{number}" for number in range(12)]
    await transport.publish(to("work", *names))
    inbox = await consuming(transport, "work", prefetch=1)

    for turns, name in enumerate(names):
        delivery = await inbox.next()
        assert delivery.message.id == name
        ending = asyncio.ensure_future(delivery.done())
        for _ in range(turns % 4):
            await asyncio.sleep(0)
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        if not delivery.settled:
            await delivery.done()

    async def empty() -> bool:
        return (await transport.depth("work")).total == 0

    await eventually(empty, "every one of them has ended")


async def test_a_batch_settles_each_in_its_own_way(
    broker: Broker, transport: Transport
) -> None:
    await transport.declare(["next", "events"])
    inbox, (a, b, c, d) = await delivered(transport, "a", "b", "c", "d")

    await transport.settle(
        [
            Settlement(a, Verdict.DONE, to("next", "x")),
            Settlement(b, Verdict.RETRY, headers={"tried": "once"}),
            Settlement(c, Verdict.DEAD, headers={"reason": "why"}),
            Settlement(d, Verdict.RELEASE),
        ],
        to("events", "report"),
    )

    back = {delivery.message.id: delivery for delivery in await inbox.take(2)}
    assert await queued(broker, "next") == ["x"]
    assert await queued(broker, "events") == ["report"]
    assert (back["b"].attempt, back["b"].message.headers["tried"]) == (2, "once")
    assert back["d"].attempt == 1
    assert (await dead_letters(broker))["c"].headers["reason"] == "why"


@pytest.mark.parametrize("name", ["nxet", "x" * 300], ids=["unknown", "impossible"])
async def test_what_sends_to_an_undeclared_queue_is_named_and_nothing_is_done(
    broker: Broker, transport: Transport, name: str
) -> None:
    await transport.declare(["next"])
    _, (a, b) = await delivered(transport, "a", "b")
    settlements = [
        Settlement(a, Verdict.DONE, to("next", "x")),
        Settlement(b, Verdict.DONE, [*to("next", "y"), *to(name, "z")]),
    ]

    with pytest.raises(UnsettledError) as caught:
        await transport.settle(settlements)

    assert caught.value.unroutable == {1: name}
    assert caught.value.stale == ()
    assert await transport.depth("work") == broker.differences.depth(held=2)
    assert await queued(broker, "next") == []


async def test_the_rest_can_be_settled_again(
    broker: Broker, transport: Transport
) -> None:
    _, (a, b) = await delivered(transport, "a", "b")
    bad = Settlement(b, Verdict.DONE, to("nowhere", "z"))
    with pytest.raises(UnsettledError):
        await transport.settle([Settlement(a, Verdict.DONE), bad])

    await transport.settle(
        [Settlement(a, Verdict.DONE), Settlement(b, Verdict.DEAD, headers={"r": "1"})]
    )

    assert (await transport.depth("work")).total == 0
    assert list(await dead_letters(broker)) == ["b"]


async def test_an_unroutable_message_of_the_whole_call_leaves_everything_held(
    transport: Transport,
) -> None:
    _, (a,) = await delivered(transport, "a")

    with pytest.raises(UnroutableError, match="nowhere"):
        await transport.settle([Settlement(a, Verdict.DONE)], to("nowhere", "z"))

    await a.done()
    assert (await transport.depth("work")).total == 0


async def test_a_batch_of_nothing_sends_what_it_sends(
    broker: Broker, transport: Transport
) -> None:
    await transport.settle([], to("work", "a"))

    assert await queued(broker, "work") == ["a"]


async def test_a_message_that_sends_to_its_own_queue_is_replaced(
    broker: Broker,
    transport: Transport,
) -> None:
    inbox, (delivery,) = await delivered(transport, "a")

    await delivery.done(to("work", "b"))

    assert (await inbox.next()).message.id == "b"
    assert await queued(broker, "work") == broker.differences.seen(held=["b"])


async def test_a_settlement_after_a_crash_changes_nothing(
    broker: Broker, transport: Transport
) -> None:
    _, (a, b) = await delivered(transport, "a", "b")
    inbox = await vanish(broker, transport)
    back = [await inbox.next()]

    for stale in (a.done(to("work", "c")), b.dead_letter({})):
        with pytest.raises((DisconnectedError, UnsettledError)):
            await stale
    await back[0].done()
    back.append(await inbox.next())

    assert sorted(ids(back)) == ["a", "b"]
    seen = broker.differences.seen(held=ids(back[1:]))
    assert await queued(broker, "work") == seen
    assert await dead_letters(broker) == {}


async def test_many_settlements_in_flight_all_go_through(
    broker: Broker, transport: Transport
) -> None:
    await transport.declare(["next"])
    names = [f"m{number:03}" for number in range(100)]
    _, deliveries = await delivered(transport, *names)

    await asyncio.gather(
        *(delivery.done(to("next", delivery.message.id)) for delivery in deliveries)
    )

    assert sorted(await queued(broker, "next")) == names
    assert (await transport.depth("work")).total == 0
