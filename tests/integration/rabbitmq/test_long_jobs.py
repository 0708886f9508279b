"""What is held for long stays held, whatever the broker thinks of it."""

from __future__ import annotations

import asyncio
from collections.abc import Generator

import pytest
from aio_pika.abc import AbstractChannel

from recado.transport.rabbitmq import RabbitTransport, arguments
from tests.brokers import RabbitMQ
from tests.integration.rabbitmq.conftest import Opened, secure
from tests.transport.inbox import consuming, to

HOLD_S = 0.1


@pytest.fixture(scope="module")
def impatient(own: RabbitMQ) -> Generator[RabbitMQ]:
    """A server that closes the channel of who holds a message for half a second."""
    _set(own, timeout_ms=500, look_ms=100)
    yield own
    _set(own, timeout_ms=1_800_000, look_ms=60_000)


def _set(server: RabbitMQ, *, timeout_ms: int, look_ms: int) -> None:
    server.ctl(
        "eval",
        f"application:set_env(rabbit, consumer_timeout, {timeout_ms}),"
        f"application:set_env(rabbit, channel_tick_interval, {look_ms}).",
    )


@pytest.mark.parametrize("prefetch", [1, 4])
async def test_a_long_job_outlasts_the_consumer_timeout(
    impatient: RabbitMQ, prefetch: int
) -> None:
    queue, sent = f"long{prefetch}", f"sent{prefetch}"
    url = secure(impatient, hold=HOLD_S)
    async with RabbitTransport(url) as transport, RabbitTransport(url) as other:
        await transport.declare([queue, sent])
        await transport.publish(to(queue, "long"))
        delivery = await (await consuming(transport, queue, prefetch=prefetch)).next()
        elsewhere = await consuming(other, queue, prefetch=prefetch)

        await asyncio.sleep(1.5)
        assert elsewhere.waiting == 0
        await delivery.done(to(sent, "sent"))

        assert (await transport.depth(sent)).total == 1
        assert (await transport.depth("dlq")).total == 0
        assert transport.is_alive


async def test_without_it_the_channel_is_closed_and_the_consumer_comes_back(
    impatient: RabbitMQ,
) -> None:
    async with RabbitTransport(secure(impatient)) as transport:
        await transport.declare(["held"])
        await transport.publish(to("held", "long"))
        inbox = await consuming(transport, "held")
        await inbox.next()

        again = await inbox.next()

        assert (again.message.id, again.attempt) == ("long", 2)
        await again.done()


@pytest.mark.parametrize("end", ["retry", "release", "dead_letter"])
async def test_a_long_job_ends_in_any_way_as_a_short_one_does(
    opened: Opened, end: str
) -> None:
    transport = await opened(hold=HOLD_S)
    await transport.declare(["work"])
    await transport.publish(to("work", "long"))
    inbox = await consuming(transport, "work")
    delivery = await inbox.next()
    await asyncio.sleep(3.5 * HOLD_S)

    if end == "retry":
        await delivery.retry()
    elif end == "release":
        await delivery.release()
    else:
        await delivery.dead_letter({"why": "x"})
        inbox = await consuming(transport, "dlq")

    back = await inbox.next()
    assert (back.message.id, back.attempt) == ("long", 2 if end == "retry" else 1)
    assert "recado-hold" not in back.message.headers


async def test_a_process_with_a_long_job_asks_for_no_more_than_it_can_do(
    opened: Opened,
) -> None:
    transport, other = await opened(hold=HOLD_S), await opened()
    await transport.declare(["work"])
    await transport.publish(to("work", "long"))
    inbox = await consuming(transport, "work", prefetch=1)
    delivery = await inbox.next()
    await asyncio.sleep(2.5 * HOLD_S)

    await transport.publish(to("work", "short"))
    elsewhere = await consuming(other, "work")
    await (await elsewhere.next()).done()
    await other.close()
    await transport.publish(to("work", "next"))
    await asyncio.sleep(HOLD_S)
    assert inbox.waiting == 0

    await delivery.done()

    assert (await inbox.next()).message.id == "next"


async def test_the_long_job_of_a_process_that_dies_comes_back(
    opened: Opened, plain: AbstractChannel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arguments, "HOLD_LEASE_MS", 1_000)
    transport, other = await opened(hold=HOLD_S), await opened()
    await transport.declare(["work"])
    await transport.publish(to("work", "long"))
    consumer_inbox = await consuming(transport, "work")
    await consumer_inbox.next()
    await asyncio.sleep(2.5 * HOLD_S)
    assert (await other.depth("work")).total == 0

    await killed(transport)
    back = await (await consuming(other, "work")).next()

    assert (back.message.id, back.attempt) == ("long", 2)
    assert dict(back.message.headers) == {"recado-id": "long"}


async def killed(transport: RabbitTransport) -> None:
    """Have a transport vanish as its process would."""
    for link in (transport.publishing, transport.consuming):
        assert link.session is not None
        link.session.abort()
        await link.close()


async def test_a_long_job_comes_back_to_its_own_process_at_once_after_a_break(
    opened: Opened,
) -> None:
    transport = await opened(hold=HOLD_S)
    await transport.declare(["work"])
    await transport.publish(to("work", "long"))
    inbox = await consuming(transport, "work")
    await inbox.next()
    await asyncio.sleep(2.5 * HOLD_S)

    assert transport.consuming.session is not None
    transport.consuming.session.abort()
    back = await inbox.next()

    assert (back.message.id, back.attempt) == ("long", 2)
