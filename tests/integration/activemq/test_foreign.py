"""Clients of another kind share the broker: Zocalo's, above all."""

from __future__ import annotations

import pytest

from recado.errors import UnroutableError
from recado.transport import make_transport
from tests.brokers import ActiveMQ
from tests.integration.activemq.conftest import Open, browsed
from tests.integration.activemq.stomp import Stomp
from tests.transport.inbox import Inbox, consuming, eventually, to, to_topic

HEADERS = {"persistent": "true", "workflows-recipe": "True", "x-mine": "kept"}


async def test_a_foreign_message_gets_an_id_that_it_keeps(
    server: ActiveMQ, opened: Open, space: str
) -> None:
    transport = await opened()
    async with Stomp(server) as zocalo:
        await zocalo.do(
            "SEND", b'{"text": 1}', destination=f"/queue/{space}.work", **HEADERS
        )

    first = await (await consuming(transport, "work")).next()
    await first.retry()
    other = await opened()
    await transport.close()
    again = await (await consuming(other, "work")).next()

    assert first.message.body == b'{"text": 1}'
    assert first.message.is_recipe
    assert first.message.headers["x-mine"] == "kept"
    assert first.message.id
    assert again.message.id == first.message.id
    assert (first.attempt, again.attempt) == (1, 2)


async def test_a_foreign_consumer_gets_what_recado_sends(
    server: ActiveMQ, opened: Open, space: str
) -> None:
    transport = await opened()
    async with Stomp(server) as zocalo:
        await zocalo.do("SUBSCRIBE", id="1", destination=f"/queue/{space}.work")
        await transport.publish(to("work", "a"))
        got = await zocalo.next()

    assert got.headers["recado-id"] == "a"
    assert got.body == b"{}"


async def test_what_a_foreign_service_consumes_is_a_queue(
    server: ActiveMQ, opened: Open, space: str
) -> None:
    transport = await opened()
    with pytest.raises(UnroutableError, match=r"theirs.*known: dlq, work"):
        await transport.publish(to("theirs", "a"))

    async with Stomp(server) as zocalo:
        await zocalo.do("SUBSCRIBE", id="1", destination=f"/queue/{space}.theirs")
        await transport.declare(["theirs"], "verify")
        await transport.publish(to("theirs", "a"))
        assert (await zocalo.next()).headers["recado-id"] == "a"


async def test_both_worlds_hear_each_others_broadcasts(
    server: ActiveMQ, opened: Open, space: str
) -> None:
    transport, heard = await opened(), Inbox()
    await transport.subscribe("transient.status", heard)
    topic = f"/topic/{space}.transient.status"
    async with Stomp(server) as zocalo:
        await zocalo.do("SEND", b'{"host": "h"}', destination=topic)
        theirs = await heard.next()
        await zocalo.do("SUBSCRIBE", id="1", destination=topic)
        await transport.publish(to_topic("transient.status", "ours"))

        assert theirs.message.body == b'{"host": "h"}'
        assert (await zocalo.next()).headers["recado-id"] == "ours"


async def test_a_namespace_hides_the_others(server: ActiveMQ, opened: Open) -> None:
    here = await opened()
    there = make_transport(server.url_with("elsewhere.than.test"))
    await there.open()
    try:
        with pytest.raises(UnroutableError):
            await there.publish(to("work", "a"))
        assert "work" not in await there.depths()
    finally:
        await there.close()
    assert await browsed(here, "work") == []


async def test_a_foreign_message_that_nobody_may_kill_with_counts_its_crashes(
    server: ActiveMQ, opened: Open, space: str
) -> None:
    """It was taken by a foreign consumer that died: that is an attempt as well."""
    transport = await opened()
    async with Stomp(server) as zocalo:
        await zocalo.do("SEND", b"x", destination=f"/queue/{space}.work", **HEADERS)
        await zocalo.do(
            "SUBSCRIBE", id="1", destination=f"/queue/{space}.work", ack="client"
        )
        await zocalo.next()

    inbox = await consuming(transport, "work")
    delivery = await inbox.next()

    assert delivery.attempt == 2
    await delivery.done()

    async def empty() -> bool:
        return await browsed(transport, "work") == []

    await eventually(empty, "it is gone")
