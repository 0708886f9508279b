"""The broker goes away in every way that it can, and nothing that was accepted is lost."""

from __future__ import annotations

import asyncio
import time

import pytest

from recado.errors import DisconnectedError
from recado.message import Outgoing
from recado.transport import Transport, UnsettledError, make_transport
from tests.brokers import ActiveMQ
from tests.integration.activemq.conftest import Open, browsed
from tests.transport.inbox import (
    Inbox,
    consuming,
    eventually,
    message,
    to,
    to_topic,
)

BACK_S = 10.0
"""How soon consumers have to be there again."""


async def until_alive(transport: Transport, alive: bool = True) -> None:
    async def is_so() -> bool:
        return transport.is_alive is alive

    await eventually(is_so, f"alive is {alive}")


@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_publish_waits_for_the_broker_and_consumers_come_back(
    server: ActiveMQ, opened: Open, end: str
) -> None:
    publisher, consumer = await opened(), await opened()
    inbox = await consuming(consumer, "work")
    news = Inbox()
    await consumer.subscribe("news", news)

    getattr(server, end)()
    waiting = asyncio.ensure_future(publisher.publish(to("work", "a", "b")))
    await until_alive(publisher, alive=False)
    server.start()
    started = time.monotonic()
    await waiting
    deliveries = await inbox.take(2)

    assert time.monotonic() - started < BACK_S
    assert [(each.message.id, each.attempt) for each in deliveries] == [
        ("a", 1),
        ("b", 1),
    ]
    await until_alive(consumer)
    await publisher.publish(to_topic("news", "heard"))
    assert (await news.next()).message.id == "heard"


async def test_of_a_stream_that_a_kill_interrupts_everything_confirmed_is_there(
    server: ActiveMQ, opened: Open
) -> None:
    transport = await opened()
    confirmed: list[str] = []
    enough = asyncio.Event()

    async def publish(name: str) -> None:
        await transport.publish(to("work", name))
        confirmed.append(name)
        if len(confirmed) == 100:
            enough.set()

    names = [f"m{number:04}" for number in range(600)]
    sending = [asyncio.ensure_future(publish(name)) for name in names[:400]]
    await enough.wait()
    server.kill()
    sending += [asyncio.ensure_future(publish(name)) for name in names[400:]]
    server.start()
    await asyncio.gather(*sending)

    assert set(await browsed(transport, "work")) == set(names)


async def test_what_was_held_is_stale_and_comes_back(
    server: ActiveMQ, opened: Open
) -> None:
    transport = await opened()
    await transport.publish(to("work", "a"))
    inbox = await consuming(transport, "work")
    held = await inbox.next()

    server.kill()
    await until_alive(transport, alive=False)
    with pytest.raises(UnsettledError) as caught:
        await held.done(to("work", "child"))
    server.start()

    again = await inbox.next()
    assert caught.value.stale == (held,)
    assert (again.message.id, again.attempt) == ("a", 1)  # a restart counts for nothing
    await again.done()
    assert await browsed(transport, "work") == []


async def test_settlements_that_a_kill_interrupts_are_done_or_stale(
    server: ActiveMQ, opened: Open
) -> None:
    transport = await opened()
    await transport.declare(["next"])
    names = [f"m{number:03}" for number in range(100)]
    await transport.publish(to("work", *names))
    inbox = await consuming(transport, "work")
    held = await inbox.take(100)

    ends = [
        asyncio.ensure_future(each.done(to("next", f"child of {each.message.id}")))
        for each in held
    ]
    await asyncio.sleep(0)
    server.kill()
    results = await asyncio.gather(*ends, return_exceptions=True)
    server.start()

    done = {each.message.id for each, end in zip(held, results, strict=True) if not end}
    assert all(end is None or isinstance(end, UnsettledError) for end in results)
    await until_alive(transport)
    left = set(await browsed(transport, "work"))
    children = {
        name.removeprefix("child of ") for name in await browsed(transport, "next")
    }
    assert done <= children
    assert left | children == set(names)


async def test_a_broker_that_is_silent_is_held_to_be_gone(
    server: ActiveMQ, opened: Open
) -> None:
    transport = await opened(heartbeat=0.4)
    inbox = await consuming(transport, "work")

    server.suspend()
    try:
        started = time.monotonic()
        await until_alive(transport, alive=False)
        assert time.monotonic() - started < 3.0
    finally:
        server.resume()

    await transport.publish(to("work", "a"))
    assert (await inbox.next()).message.id == "a"


async def test_a_request_over_a_new_connection_gets_its_reply(
    server: ActiveMQ, opened: Open
) -> None:
    client, service = await opened(), await opened()
    inbox = await consuming(service, "work")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await client.request("work", message("q0"))
    await (await inbox.next()).done()

    server.kill()
    server.start()
    await until_alive(client)
    await until_alive(service)
    asked = asyncio.ensure_future(client.request("work", message("q1")))
    question = await inbox.next()
    headers = question.message.headers
    reply = message(
        "r", b"yes", **{"recado-correlation": headers["recado-correlation"]}
    )
    await question.done([Outgoing(headers["recado-reply-to"], reply, mandatory=False)])

    assert (await asked).body == b"yes"


async def test_closing_ends_the_search_for_the_broker(
    server: ActiveMQ, opened: Open
) -> None:
    transport = await opened()
    server.kill()
    try:
        await until_alive(transport, alive=False)
        waiting = asyncio.ensure_future(transport.publish(to("work", "a")))
        await asyncio.sleep(0)

        await transport.close()
    finally:
        server.start()

    with pytest.raises(DisconnectedError):
        await waiting
    with pytest.raises(DisconnectedError):
        await transport.publish(to("work", "b"))
    assert await browsed(await opened(), "work") == []


async def test_an_absent_broker_is_told_at_once_and_the_next_host_is_tried(
    server: ActiveMQ, opened: Open, space: str
) -> None:
    dead = f"{server.host}:1"
    absent = make_transport(f"stomp://{server.login}@{dead}/{space}")
    with pytest.raises(DisconnectedError, match=r"127.0.0.1:1"):
        await absent.open()

    url = server.url_with(space).replace("@", f"@{dead},")
    transport = make_transport(url)
    await transport.open()
    try:
        await transport.declare(["work"])
        await transport.publish(to("work", "a"))
        assert await browsed(transport, "work") == ["a"]
    finally:
        await transport.close()
