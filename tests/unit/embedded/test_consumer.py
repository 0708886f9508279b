"""A consumer keeps count of what it holds, whatever happens to it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncGenerator, Callable, Sequence

import pytest

from recado.errors import RefusedError, SettledError
from recado.transport import Delivery, Settlement, Transport, Verdict
from recado.transport.embedded import EmbeddedTransport, consumer, store
from recado.transport.embedded.claims import Claim
from tests.transport.inbox import (
    Inbox,
    consuming,
    eventually,
    ids,
    to,
    to_topic,
)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consumer, "_PAUSE_S", 0.02)


@pytest.fixture
async def transport() -> AsyncGenerator[EmbeddedTransport]:
    async with EmbeddedTransport("sqlite:///:memory:") as transport:
        await transport.declare(["work"])
        yield transport


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: object, **__: object) -> None:
        raise error

    return fail


async def test_who_raises_an_error_gets_it_again_later_and_nobody_else_suffers(
    transport: Transport,
) -> None:
    inbox, calls = Inbox(), 0

    def moody(deliveries: Sequence[Delivery]) -> None:
        nonlocal calls
        calls += 1
        if calls < 3:
            raise ValueError("not today")
        inbox(deliveries)

    await transport.consume("work", moody, prefetch=2)
    await transport.publish(to("work", "a", "b"))

    back = await inbox.take(2)
    assert [(it.message.id, it.attempt) for it in back] == [("a", 1), ("b", 1)]
    assert calls == 3


async def test_what_was_taken_before_an_error_was_raised_is_not_its_holders_any_more(
    transport: Transport,
) -> None:
    taken: list[Delivery] = []

    def half(deliveries: Sequence[Delivery]) -> None:
        taken.extend(deliveries)
        if len(taken) == 1:
            raise ValueError("half way")

    await transport.consume("work", half)
    await transport.publish(to("work", "a"))

    async def twice() -> bool:
        return len(taken) == 2

    await eventually(twice, "the message came again")
    with pytest.raises(SettledError):
        await taken[0].done()
    await taken[1].done()


async def test_an_error_over_a_topics_message_does_not_end_the_subscription(
    transport: Transport,
) -> None:
    inbox, calls = Inbox(), 0

    def moody(deliveries: Sequence[Delivery]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ValueError("not today")
        inbox(deliveries)

    await transport.subscribe("news", moody, prefetch=1)
    await transport.publish(to_topic("news", "a", "b"))

    assert (await inbox.next()).message.id == "b"


async def test_an_error_over_a_suspect_does_not_stop_the_consumer(
    transport: EmbeddedTransport,
) -> None:
    inbox, calls = Inbox(), 0
    await transport.publish(to("work", "s", "a"))
    await transport.do(
        lambda it: it.database.execute("UPDATE message SET company = 1 WHERE id = 1")
    )

    def moody(deliveries: Sequence[Delivery]) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ValueError("not today")
        inbox(deliveries)

    await transport.consume("work", moody)

    suspect = await inbox.next()
    assert (suspect.message.id, inbox.waiting) == ("s", 0)
    await suspect.done()
    assert (await inbox.next()).message.id == "a"


async def test_claims_that_fail_are_repeated_now_and_then_and_lose_no_room(
    transport: EmbeddedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = 0
    take = Claim.take

    def fail(*values: object, **named: object) -> object:
        nonlocal tries
        tries += 1
        if tries <= 3:
            raise sqlite3.OperationalError("database or disk is full")
        return take(*values, **named)  # type: ignore[arg-type] # as they came

    monkeypatch.setattr(Claim, "take", fail)
    inbox = Inbox()
    await transport.consume("work", inbox, prefetch=2)
    await transport.publish(to("work", "a", "b", "c"))
    for _ in range(50):
        transport.poke()
        await transport.depth("work")

    assert tries <= 5  # whatever pokes it, it waits for its time
    assert ids(await inbox.take(2)) == ["a", "b"]


async def test_a_cancelled_settlement_that_goes_through_makes_room(
    transport: Transport,
) -> None:
    await transport.publish(to("work", "a", "b"))
    inbox = await consuming(transport, "work", prefetch=1)
    delivery = await inbox.next()

    ending = asyncio.ensure_future(delivery.done())
    await asyncio.sleep(0)
    ending.cancel()
    await asyncio.gather(ending, return_exceptions=True)

    assert (await inbox.next()).message.id == "b"
    assert delivery.settled
    assert ids(await transport.browse("work")) == ["b"]


async def test_a_cancelled_settlement_that_fails_leaves_the_delivery_held(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    await transport.publish(to("work", "a", "b"))
    inbox = await consuming(transport, "work", prefetch=1)
    delivery = await inbox.next()
    with monkeypatch.context() as patch:
        patch.setattr(store.Store, "end", failing(sqlite3.OperationalError("full")))
        ending = asyncio.ensure_future(delivery.done())
        await asyncio.sleep(0)
        ending.cancel()
        await asyncio.gather(ending, return_exceptions=True)
        assert ids(await transport.browse("work")) == ["a", "b"]

    assert not delivery.settled
    assert inbox.waiting == 0
    await delivery.done()
    assert (await inbox.next()).message.id == "b"


async def test_a_settlement_whose_commit_fails_makes_no_room(
    transport: EmbeddedTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    await transport.publish(to("work", "a", "b"))
    inbox = await consuming(transport, "work", prefetch=1)
    delivery = await inbox.next()

    with monkeypatch.context() as patch:
        patch.setattr(store.Store, "end", failing(sqlite3.OperationalError("full")))
        with pytest.raises(RefusedError, match="full"):
            await delivery.done()
        await transport.depth("work")

    assert inbox.waiting == 0
    await delivery.release()
    assert (await inbox.next()).message.id == "a"


async def test_a_delivery_twice_in_a_settlement_is_refused_and_stays_held(
    transport: Transport,
) -> None:
    await transport.publish(to("work", "a", "b"))
    inbox = await consuming(transport, "work")
    a, b = await inbox.take(2)

    with pytest.raises(SettledError, match="a is settled already"):
        await transport.settle([Settlement(it, Verdict.DONE) for it in (b, a, a)])

    await transport.settle([Settlement(it, Verdict.DONE) for it in (a, b)])
    assert ids(await transport.browse("work")) == []


async def test_a_consumer_cancelled_while_it_claims_puts_back_what_it_gets(
    transport: Transport,
) -> None:
    inbox, other = Inbox(), Inbox()
    consumption = await transport.consume("work", inbox)
    publishing = asyncio.ensure_future(transport.publish(to("work", "a", "b")))
    await asyncio.sleep(0)

    await consumption.cancel()
    await publishing
    await transport.consume("work", other)

    back = await other.take(2)
    assert [(it.message.id, it.attempt) for it in back] == [("a", 1), ("b", 1)]
    assert inbox.waiting == 0


async def test_a_cancelled_publish_is_whole_or_not_there(transport: Transport) -> None:
    for number in range(20):
        names = [f"{number}-{part}" for part in range(3)]
        publishing = asyncio.ensure_future(transport.publish(to("work", *names)))
        for _ in range(number % 4):
            await asyncio.sleep(0)
        publishing.cancel()
        await asyncio.gather(publishing, return_exceptions=True)

    left = ids(await transport.browse("work"))
    assert len(left) % 3 == 0
