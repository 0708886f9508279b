"""A message that was accepted is there, as it was, for everybody and for good."""

import asyncio

import pytest

from recado.errors import DisconnectedError, UnroutableError
from recado.message import HIGHEST, LOWEST, Message, Outgoing
from recado.transport import Transport
from tests.transport.broker import Broker
from tests.transport.inbox import consuming, ids, queued, to

BODIES = {
    "empty": b"",
    "json": '{"name": "José", "sign": "✓"}'.encode(),
    "every byte": bytes(range(256)),
    "half a character": b"\xc3",
    "zeros": b"\0\0",
    "a mebibyte": bytes(range(256)) * 4096,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_body_arrives_as_it_was_sent(transport: Transport, body: bytes) -> None:
    inbox = await consuming(transport, "work")

    await transport.publish([Outgoing("work", Message(body, {"recado-id": "m"}))])

    assert (await inbox.next()).message.body == body


async def test_headers_arrive_as_they_were_sent_unknown_ones_too(
    transport: Transport,
) -> None:
    headers = {
        "recado-id": "m",
        "workflows-recipe": "true",
        "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "x-unknown": "kept",
        "X-Upper": "Case",
        "empty": "",
        "unicode": "José ✓ \U0001f600",
        "colons: and = signs": "a:b\\c\nd\re\tf",
        "number": "007",
        "json": '{"a": [1, "b"]}',
        "long": "x" * 8000,
    }
    inbox = await consuming(transport, "work")

    await transport.publish([Outgoing("work", Message(b"{}", headers))])

    arrived = dict((await inbox.next()).message.headers)
    added = {name for name in arrived if name not in headers}
    assert {name: arrived[name] for name in headers} == headers
    assert all(name.startswith("recado-") for name in added)


async def test_messages_of_one_priority_keep_their_order(transport: Transport) -> None:
    names = [f"m{number:03}" for number in range(200)]
    await transport.publish(to("work", *names[:100]))
    for name in names[100:]:
        await transport.publish(to("work", name))

    inbox = await consuming(transport, "work", prefetch=7)
    seen: list[str] = []
    for _ in names:
        delivery = await inbox.next()
        seen.append(delivery.message.id)
        await delivery.done()

    assert seen == names


async def test_a_higher_priority_overtakes(
    broker: Broker, transport: Transport
) -> None:
    sent = [
        *to("work", "low", priority=LOWEST),
        *to("work", "normal"),
        *to("work", "high", priority=HIGHEST),
    ]
    for outgoing in sent:
        await transport.publish([outgoing])

    inbox = await consuming(transport, "work", prefetch=1)
    seen: list[tuple[str, int]] = []
    for _ in sent:
        delivery = await inbox.next()
        seen.append((delivery.message.id, delivery.priority))
        await delivery.done()

    expected = [("low", LOWEST), ("normal", 4), ("high", HIGHEST)]
    if broker.differences.heeds_priority:
        expected.reverse()
    assert seen == expected


async def test_a_delayed_message_comes_when_its_time_has_come(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(transport, "work")
    await transport.publish(to("work", "late", delay_s=1.0))
    await transport.publish(to("work", "now"))

    assert (await inbox.next()).message.id == "now"
    await broker.advance(1.0)
    late = await inbox.next(broker.differences.late_s)

    assert (late.message.id, late.attempt) == ("late", 1)


async def test_a_delayed_message_comes_by_itself(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(transport, "work")
    loop = asyncio.get_running_loop()
    start = loop.time()

    await transport.publish(to("work", "late", delay_s=0.3))
    await inbox.next()

    assert 0.29 <= loop.time() - start <= 0.3 + broker.differences.late_s


async def test_a_long_delay_does_not_hold_up_a_short_one(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(transport, "work")
    await transport.publish(to("work", "long", delay_s=3600, priority=HIGHEST))
    await transport.publish(to("work", "short", delay_s=1.0))

    await broker.advance(1.0)

    assert (await inbox.next()).message.id == "short"


async def test_an_expired_message_is_not_delivered(
    broker: Broker, transport: Transport
) -> None:
    await transport.publish(to("work", "stale", expires_s=0.5))
    await transport.publish(to("work", "fresh", expires_s=60.0))
    await broker.advance(1.0)

    inbox = await consuming(transport, "work")

    assert (await inbox.next()).message.id == "fresh"
    assert await transport.depth("work") == broker.differences.depth(held=1)


async def test_of_an_unroutable_publish_nothing_is_kept(
    broker: Broker, transport: Transport
) -> None:
    with pytest.raises(UnroutableError, match="wrok"):
        await transport.publish([*to("work", "a"), *to("wrok", "b"), *to("work", "c")])

    assert await queued(broker, "work") == []


async def test_a_message_through_an_exchange_is_not_lost(
    broker: Broker, transport: Transport
) -> None:
    through = to("work", "a")
    through[0].exchange = "results"

    if not broker.differences.has_exchanges:
        await transport.publish(through)
        assert await queued(broker, "work") == ["a"]
        return
    with pytest.raises(UnroutableError, match=r"work \(exchange results\)"):
        await transport.publish([*to("work", "b"), *through])
    assert await queued(broker, "work") == []


async def test_a_delayed_message_goes_past_its_exchange(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(transport, "work")
    late = to("work", "late", delay_s=0.3)
    late[0].exchange = "results"

    await transport.publish(late)
    await broker.advance(0.3)

    assert (await inbox.next()).message.id == "late"


async def test_what_need_not_arrive_is_dropped_without_a_queue(
    broker: Broker,
    transport: Transport,
) -> None:
    reply = Outgoing("gone", Message(b"", {}), mandatory=False)

    await transport.publish([reply, *to("work", "a")])

    assert await queued(broker, "work") == ["a"]


async def test_nothing_to_publish_is_nothing(transport: Transport) -> None:
    await transport.publish([])

    assert (await transport.depth("work")).total == 0


async def test_what_was_published_outlives_the_publisher(
    broker: Broker, transport: Transport
) -> None:
    publisher = await broker.open()
    names = [f"m{number}" for number in range(300)]

    await asyncio.gather(*(publisher.publish(to("work", name)) for name in names))
    await broker.abandon(publisher)

    assert sorted(await queued(broker, "work")) == sorted(names)


async def test_one_bad_publish_among_many_in_flight_fails_alone(
    broker: Broker,
    transport: Transport,
) -> None:
    good = [transport.publish(to("work", f"m{number}")) for number in range(50)]
    bad = transport.publish(to("nowhere", "bad"))

    results = await asyncio.gather(*good[:25], bad, *good[25:], return_exceptions=True)

    assert [type(result) for result in results if result] == [UnroutableError]
    assert len(await queued(broker, "work")) == 50


async def test_a_closed_transport_publishes_nothing(
    broker: Broker, transport: Transport
) -> None:
    other = await broker.open()
    await other.close()

    with pytest.raises(DisconnectedError):
        await other.publish(to("work", "a"))

    assert await queued(broker, "work") == []


async def test_messages_wait_for_whoever_comes_later(
    broker: Broker, transport: Transport
) -> None:
    await transport.publish(to("work", "a", "b"))
    await transport.close()

    inbox = await consuming(await broker.open(), "work")

    assert ids(await inbox.take(2)) == ["a", "b"]
