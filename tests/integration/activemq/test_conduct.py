"""What this transport does beside the contract, and with what the broker cannot do."""

from __future__ import annotations

import asyncio

import pytest

from recado.errors import ConfigError, RefusedError, UnsupportedError
from recado.message import Message, Outgoing
from recado.transport import Transport, make_transport
from recado.transport.activemq import ActiveMQTransport
from recado.transport.sizes import MAX_BODY
from tests.brokers import ActiveMQ, make_certificates
from tests.integration.activemq.conftest import Open, browsed
from tests.transport.inbox import Inbox, consuming, ids, message, to


async def vanish(transport: Transport) -> None:
    assert isinstance(transport, ActiveMQTransport)
    await transport.abandon()


async def test_a_wrong_password_is_told(server: ActiveMQ) -> None:
    url = server.url.replace(server.login, "recado:wrong")

    with pytest.raises(ConfigError, match="password") as caught:
        await make_transport(url).open()

    assert "wrong" not in str(caught.value)


async def test_a_secure_connection_wants_a_certificate_that_it_can_trust(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    certificates = make_certificates(tmp_path_factory.mktemp("certificates"))
    folder = tmp_path_factory.mktemp("secure")
    with ActiveMQ(folder, certificates=certificates) as server:
        with pytest.raises(ConfigError, match="certificate"):
            await make_transport(server.url).open()

        url = server.url_with(cafile=certificates.authority)
        transport = make_transport(url)
        await transport.open()
        await transport.declare(["work"])
        await transport.publish(to("work", "a"))
        assert await browsed(transport, "work") == ["a"]
        await transport.close()


async def test_what_a_cancelled_consumer_holds_comes_back_when_it_dies(
    opened: Open,
) -> None:
    transport, other = await opened(), await opened()
    await transport.publish(to("work", "kept", "lost"))
    inbox = Inbox()
    consumer = await transport.consume("work", inbox)
    kept, _ = await inbox.take(2)

    await consumer.cancel()
    await kept.done(to("work", "child"))
    others = await consuming(other, "work")
    child = await others.next()
    assert child.message.id == "child"
    await child.done()
    await vanish(transport)

    back = await others.next()
    assert (back.message.id, back.attempt) == ("lost", 2)


async def test_a_cancelled_consumer_ends_a_batch_of_what_it_holds(opened: Open) -> None:
    transport = await opened()
    names = [f"m{number}" for number in range(20)]
    await transport.publish(to("work", *names))
    inbox = Inbox()
    consumer = await transport.consume("work", inbox)
    held = await inbox.take(20)

    await consumer.cancel()
    await asyncio.gather(*(each.done() for each in held[:10]))
    await held[10].release()
    await held[11].retry()

    assert set(await browsed(transport, "work")) == {"m10", "m11"}
    again = await consuming(await opened(), "work")
    assert {(d.message.id, d.attempt) for d in await again.take(2)} == {
        ("m10", 1),
        ("m11", 2),
    }


async def test_closing_puts_back_what_a_cancelled_consumer_holds(opened: Open) -> None:
    transport, other = await opened(), await opened()
    await transport.publish(to("work", "a", "b"))
    inbox = Inbox()
    consumer = await transport.consume("work", inbox)
    await inbox.take(2)

    await consumer.cancel()
    await transport.close()

    back = await (await consuming(other, "work")).take(2)
    assert {(each.message.id, each.attempt) for each in back} == {("a", 1), ("b", 1)}


async def test_leaving_a_long_queue_harms_no_message(opened: Open) -> None:
    transport, other = await opened(), await opened()
    names = [f"m{number:03}" for number in range(300)]
    await transport.publish(to("work", *names))
    inbox = Inbox()
    consumer = await transport.consume("work", inbox, prefetch=20)
    for _ in range(30):
        await (await inbox.next()).done()

    await consumer.cancel()
    await transport.close()

    left = await (await consuming(other, "work", prefetch=300)).take(270)
    assert {each.attempt for each in left} == {1}


async def test_a_header_longer_than_the_broker_takes_arrives_whole(
    opened: Open,
) -> None:
    transport = await opened()
    headers = {"recado-id": "a", "recado-letter": "José: ✓\\\n" * 9_000}
    inbox = await consuming(transport, "work")

    await transport.publish([Outgoing("work", Message(b"", headers))])

    delivery = await inbox.next()
    assert delivery.message.headers == headers
    await delivery.retry()
    assert (await inbox.next()).message.headers == headers


async def test_headers_that_the_protocol_uses_arrive_as_the_sender_wrote_them(
    opened: Open,
) -> None:
    transport = await opened()
    names = ("destination", "receipt", "transaction", "priority", "expires", "ack")
    more = ("content-length", "redelivered", "selector", "timestamp", "scheduledJobId")
    headers = {"recado-id": "a", **{name: f"own {name}" for name in [*names, *more]}}
    inbox = await consuming(transport, "work")

    await transport.publish([Outgoing("work", Message(b"x", headers))])

    assert (await inbox.next()).message.headers == headers


async def test_one_message_that_cannot_be_sent_is_refused_alone(opened: Open) -> None:
    transport = await opened()
    bad = Message(b"", {"recado-id": "bad", "x": "a\0b"})
    huge = Message(bytes(MAX_BODY + 1), {"recado-id": "huge"})

    results = await asyncio.gather(
        transport.publish(to("work", "a")),
        transport.publish([Outgoing("work", bad)]),
        transport.publish([Outgoing("work", huge)]),
        transport.publish(to("work", "b")),
        return_exceptions=True,
    )

    assert [type(each) for each in results if each] == [RefusedError, RefusedError]
    assert await browsed(transport, "work") == ["a", "b"]


async def test_a_large_body_arrives(opened: Open) -> None:
    """The largest that may be sent needs a broker with more memory than a test gives it."""
    transport = await opened()
    body = bytes(range(256)) * (MAX_BODY // 1024)
    inbox = await consuming(transport, "work")

    await transport.publish([Outgoing("work", Message(body, {"recado-id": "a"}))])

    delivery = await inbox.next()
    assert delivery.message.body == body
    await delivery.done()


async def test_a_queue_too_long_to_be_counted_says_so(opened: Open) -> None:
    transport = await opened()
    await transport.declare(["long"])
    await transport.publish(to("long", *(f"m{number}" for number in range(9_999))))
    assert (await transport.depth("long")).ready == 9_999

    await transport.publish(to("long", "one more"))

    with pytest.raises(UnsupportedError, match="10000"):
        await transport.depth("long")
    depths = await transport.depths()
    assert "long" not in depths
    assert depths["work"].total == 0


async def test_a_delayed_message_outlives_a_kill_of_the_broker(
    server: ActiveMQ, opened: Open
) -> None:
    transport = await opened()
    inbox = await consuming(transport, "work")
    await transport.publish(to("work", "a"))
    await (await inbox.next()).retry(after_s=3.0)

    server.kill()
    server.start()

    again = await inbox.next()
    assert (again.message.id, again.attempt) == ("a", 2)


async def test_a_reply_to_somebody_who_is_long_gone_disturbs_nobody(
    opened: Open,
) -> None:
    client, service = await opened(), await opened()
    inbox = await consuming(service, "work")
    asked = asyncio.ensure_future(client.request("work", message("q")))
    question = await inbox.next()
    asked.cancel()
    await client.close()

    reply = Message(b"late", {"recado-correlation": "?"})
    to_ = question.message.headers["recado-reply-to"]
    await question.done([Outgoing(to_, reply, mandatory=False)])
    await service.publish(to("work", "next"))

    assert ids([await inbox.next()]) == ["next"]
