"""A request gets its own reply, in time or not at all."""

import asyncio

import pytest

from recado.errors import DisconnectedError, RequestTimeoutError, UnroutableError
from recado.transport import Transport
from tests.transport.broker import Broker
from tests.transport.inbox import answer, consuming, message


async def test_a_request_gets_the_reply_to_it(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(await broker.open(), "work")

    asked = asyncio.ensure_future(
        transport.request("work", message("q", b"2+2", **{"x-mine": "kept"}))
    )
    question = await inbox.next()
    await answer(question, b"4")

    assert question.message.body == b"2+2"
    assert question.message.headers["x-mine"] == "kept"
    assert (await asked).body == b"4"
    assert (await transport.depth("work")).total == 0


async def test_many_requests_at_once_get_their_own_replies_in_any_order(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(await broker.open(), "work")
    names = [f"q{number}" for number in range(20)]
    asked = [
        asyncio.ensure_future(transport.request("work", message(name, name.encode())))
        for name in names
    ]

    for question in reversed(await inbox.take(20)):
        await answer(question, b"re: " + question.message.body)

    replies = [reply.body.decode() for reply in await asyncio.gather(*asked)]
    assert replies == [f"re: {name}" for name in names]


async def test_a_request_that_nobody_answers_times_out(transport: Transport) -> None:
    with pytest.raises(RequestTimeoutError, match="work"):
        await transport.request("work", message("q"), timeout_s=0.05)


async def test_a_late_reply_is_dropped_and_disturbs_no_later_request(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(await broker.open(), "work")
    with pytest.raises(RequestTimeoutError):
        await transport.request("work", message("q1"), timeout_s=0.3)
    late = await inbox.next()

    asked = asyncio.ensure_future(transport.request("work", message("q2")))
    await answer(late, b"late")
    await answer(await inbox.next(), b"in time")

    assert (await asked).body == b"in time"


async def test_one_request_sent_twice_gets_a_reply_each_time(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(await broker.open(), "work")

    for body in (b"first", b"second"):
        asked = asyncio.ensure_future(transport.request("work", message("q")))
        await answer(await inbox.next(), body)
        assert (await asked).body == body


async def test_one_request_sent_twice_at_once_gets_a_reply_each_time(
    broker: Broker, transport: Transport
) -> None:
    inbox = await consuming(await broker.open(), "work")
    asked = [
        asyncio.ensure_future(transport.request("work", message("q"), timeout_s=2.0))
        for _ in range(2)
    ]

    for number, question in enumerate(await inbox.take(2)):
        await answer(question, str(number).encode())

    assert {(await reply).body for reply in asked} == {b"0", b"1"}


async def test_the_reply_to_somebody_who_has_gone_is_no_error(
    broker: Broker, transport: Transport
) -> None:
    client = await broker.open()
    inbox = await consuming(transport, "work")
    asked = asyncio.ensure_future(client.request("work", message("q"), timeout_s=1.0))
    question = await inbox.next()

    await broker.abandon(client)
    await answer(question, b"4")

    with pytest.raises((DisconnectedError, RequestTimeoutError)):
        await asked
    assert (await transport.depth("work")).total == 0


async def test_a_request_is_told_when_its_connection_is_closed(
    broker: Broker, transport: Transport
) -> None:
    client = await broker.open()
    inbox = await consuming(transport, "work")
    asked = asyncio.ensure_future(client.request("work", message("q")))
    await inbox.next()

    await client.close()

    with pytest.raises(DisconnectedError):
        await asked


async def test_a_request_to_nobody_is_told_at_once(transport: Transport) -> None:
    with pytest.raises(UnroutableError, match="wrok"):
        await transport.request("wrok", message("q"))
