"""Queues are used as they are found, and declared so that nothing is lost in them."""

from __future__ import annotations

import json

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel
from structlog.testing import capture_logs

from recado.errors import RefusedError, UnroutableError
from recado.message import Message, Outgoing
from recado.transport import Settlement, UnsettledError, Verdict
from recado.transport.rabbitmq import RabbitTransport
from tests.brokers import RabbitMQ
from tests.brokers.management import asked
from tests.integration.rabbitmq.conftest import Opened
from tests.transport.inbox import Inbox, consuming, eventually, to


async def crashed(transport: RabbitTransport) -> None:
    """Lose the connection that messages are held on."""
    assert transport.consuming.session is not None
    transport.consuming.session.abort()


async def test_who_may_declare_nothing_can_give_a_message_up(
    rabbitmq: RabbitMQ, path: str, transport: RabbitTransport
) -> None:
    rabbitmq.ctl("add_user", path, "low")
    rabbitmq.ctl("set_permissions", "-p", path, path, "^$", ".*", ".*")
    url = rabbitmq.url_with(path).replace(rabbitmq.login, f"{path}:low")
    async with RabbitTransport(url) as low:
        await low.declare(["work"], "verify")
        await low.publish(to("work", "a"))

        await (await (await consuming(low, "work")).next()).dead_letter({})

    assert (await transport.depth("dlq")).ready == 1


async def test_queues_are_declared_so_that_nothing_is_lost(
    rabbitmq: RabbitMQ, path: str, transport: RabbitTransport
) -> None:
    def arguments(name: str) -> dict[str, object]:
        found = asked(rabbitmq, "GET", f"/queues/{path}/{name}")
        return dict(found["arguments"]) | {"durable": found["durable"]}

    assert arguments("work") == {
        "durable": True,
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
        "x-dead-letter-exchange": "",
        "x-dead-letter-routing-key": "dlq",
        "x-dead-letter-strategy": "at-least-once",
        "x-delivery-limit": 60,
    }
    assert arguments("dlq") == {
        "durable": True,
        "x-queue-type": "quorum",
        "x-overflow": "reject-publish",
    }


async def test_a_queue_that_was_declared_otherwise_is_used_as_it_is(
    opened: Opened, plain: AbstractChannel
) -> None:
    await plain.declare_queue("work", durable=True)
    transport = await opened()

    with capture_logs() as logs:
        await transport.declare(["work", "work"])
        await transport.declare(["work"])
    await transport.publish(to("work", "a"))

    inbox = await consuming(transport, "work")
    assert (await inbox.next()).message.id == "a"
    differs = [each for each in logs if each["event"] == "transport.queue_differs"]
    assert [each["queue"] for each in differs] == ["work"]
    assert "inequivalent arg" in differs[0]["reason"]


async def test_crashes_count_on_a_classic_queue_too(
    opened: Opened, plain: AbstractChannel
) -> None:
    await plain.declare_queue("work", durable=True)
    transport = await opened(ceiling=3)
    await transport.declare(["work"])
    await transport.publish(to("work", "a"))
    inbox = await consuming(transport, "work")

    attempts: list[int] = []
    for _ in range(3):
        attempts.append((await inbox.next()).attempt)
        await crashed(transport)
    letters = await consuming(transport, "dlq")

    assert attempts == [1, 2, 3]
    letter = json.loads((await letters.next()).message.headers["recado-letter"])
    assert (letter["reason"], letter["attempts"]) == ("ceiling", 3)


async def test_a_classic_queue_with_priorities_delivers_by_priority(
    opened: Opened, plain: AbstractChannel
) -> None:
    await plain.declare_queue("work", durable=True, arguments={"x-max-priority": 9})
    transport = await opened()
    await transport.declare(["work"])
    await transport.publish(
        [*to("work", "low", priority=1), *to("work", "high", priority=8)]
    )

    inbox = await consuming(transport, "work", prefetch=1)
    first = await inbox.next()
    await first.done()

    assert (first.message.id, first.priority) == ("high", 8)
    assert (await inbox.next()).message.id == "low"


async def declare_bounded(plain: AbstractChannel, queue: str, *, room: int) -> None:
    """Declare a queue that refuses what is more than so many messages."""
    await plain.declare_queue(
        queue,
        durable=True,
        arguments={"x-max-length": room, "x-overflow": "reject-publish"},
    )


async def test_a_full_queue_refuses_and_loses_nothing(
    opened: Opened, plain: AbstractChannel
) -> None:
    await declare_bounded(plain, "work", room=2)
    transport = await opened()
    await transport.declare(["work", "next"])
    await transport.publish(to("work", "a", "b"))

    with pytest.raises(RefusedError, match="'work'"):
        await transport.publish(to("work", "c"))

    inbox = await consuming(transport, "work")
    for name in ("a", "b"):
        delivery = await inbox.next()
        assert delivery.message.id == name
        await delivery.done(to("next", name))
    assert inbox.waiting == 0
    assert (await transport.depth("next")).total == 2


async def test_a_settlement_that_sends_to_a_full_queue_leaves_its_delivery_held(
    opened: Opened, plain: AbstractChannel
) -> None:
    await declare_bounded(plain, "full", room=0)
    transport = await opened()
    await transport.declare(["work", "full"])
    await transport.publish(to("work", "a"))
    inbox = await consuming(transport, "work")
    delivery = await inbox.next()

    with pytest.raises(RefusedError, match="'full'"):
        await delivery.done(to("full", "x"))

    await delivery.release()
    assert (await inbox.next()).message.id == "a"


@pytest.mark.parametrize("is_looked_for", [True, False])
async def test_a_queue_that_was_deleted_is_missed_at_once(
    transport: RabbitTransport, plain: AbstractChannel, *, is_looked_for: bool
) -> None:
    await transport.declare(["next"])
    await transport.publish(to("work", "a"))
    delivery = await (await consuming(transport, "work")).next()
    await plain.queue_delete("next")

    # Once it was missed, the queue is looked for before anything is sent to it; until
    # then the broker gives back what was sent.
    if is_looked_for:
        with pytest.raises(UnroutableError, match="'next'"):
            await transport.publish(to("next", "x"))
    with pytest.raises(UnsettledError) as caught:
        await transport.settle([Settlement(delivery, Verdict.DONE, to("next", "x"))])

    assert caught.value.unroutable == {0: "next"}
    await delivery.done()


async def test_a_queue_that_is_deleted_while_it_is_consumed_is_made_again(
    transport: RabbitTransport, plain: AbstractChannel
) -> None:
    inbox = await consuming(transport, "work")

    await plain.queue_delete("work")

    async def is_there() -> bool:
        try:
            await transport.publish(to("work", "a"))
        except UnroutableError:
            return False
        return True

    await eventually(is_there, "the queue is there again")
    assert (await inbox.next()).message.id == "a"


async def test_a_foreign_message_gets_an_id_that_it_keeps(
    transport: RabbitTransport, plain: AbstractChannel
) -> None:
    inbox = await consuming(transport, "work")
    sent = aio_pika.Message(
        b"\xff{}", headers={"workflows-recipe": True, "n": 3}, priority=7
    )

    await plain.default_exchange.publish(sent, "work")
    first = await inbox.next()
    await crashed(transport)
    second = await inbox.next()

    assert first.message.body == second.message.body == b"\xff{}"
    assert first.message.headers["workflows-recipe"] == "True"
    assert first.message.headers["n"] == "3"
    assert (first.priority, first.attempt, second.attempt) == (7, 1, 2)
    assert first.message.id == second.message.id != ""
    assert first.message.is_recipe


async def test_a_foreign_message_with_copies_for_others_is_delivered(
    transport: RabbitTransport, plain: AbstractChannel
) -> None:
    inbox = await consuming(transport, "work")

    foreign = aio_pika.Message(b"1", headers={"CC": ["dlq"]})
    await plain.default_exchange.publish(foreign, "work")

    delivery = await inbox.next()
    await delivery.done()
    assert (await transport.depth("dlq")).ready == 1


async def test_what_a_foreign_consumer_rejects_tells_so_among_the_dead_letters(
    transport: RabbitTransport, plain: AbstractChannel
) -> None:
    await transport.publish(to("work", "a", delay_s=0.1))
    queue = await plain.get_queue("work")

    async def rejected() -> bool:
        taken = await queue.get(fail=False)
        if taken is not None:
            await taken.reject(requeue=False)
        return taken is not None

    await eventually(rejected, "the delayed message has come")
    letter = await (await consuming(transport, "dlq")).next()

    headers = letter.message.headers
    assert headers["x-first-death-queue"] == "work"
    assert headers["x-first-death-reason"] == "rejected"
    assert [it["queue"] for it in json.loads(headers["x-death"])] == ["work"]
    await letter.done([Outgoing("work", letter.message)])
    again = await (await consuming(transport, "work")).next()
    assert again.message.headers == {"recado-id": "a"}


async def test_headers_beyond_a_frame_are_refused_and_disturb_nobody(
    transport: RabbitTransport,
) -> None:
    big = Message(b"", {"recado-id": "big", "x-big": "x" * 200_000})

    with pytest.raises(RefusedError, match="at most 131064"):
        await transport.publish([Outgoing("work", big)])
    await transport.publish(to("work", "a"))

    assert (await (await consuming(transport, "work")).next()).message.id == "a"


async def test_verifying_declares_nothing(opened: Opened) -> None:
    transport = await opened()

    with pytest.raises(UnroutableError, match="'work'"):
        await transport.declare(["work"], "verify")
    with pytest.raises(UnroutableError, match="'dlq'"):
        await transport.consume("dlq", Inbox())


def through(exchange: str, queue: str, id_: str) -> Outgoing:
    """Return a message on its way through an exchange."""
    (outgoing,) = to(queue, id_)
    outgoing.exchange = exchange
    return outgoing


async def test_a_message_goes_through_an_exchange_by_its_queues_name(
    transport: RabbitTransport, plain: AbstractChannel
) -> None:
    results = await plain.declare_exchange("results", durable=True)
    archive = await plain.declare_queue("archive", durable=True)
    await archive.bind(results, "finished")

    await transport.publish([through("results", "finished", "a"), *to("work", "b")])

    found = await archive.get()
    assert found.headers["recado-id"] == "a"
    assert (await transport.depth("work")).ready == 1


async def test_only_what_an_exchange_leads_nowhere_is_not_settled(
    transport: RabbitTransport, plain: AbstractChannel
) -> None:
    await plain.declare_exchange("results", durable=True)
    inbox = await consuming(transport, "work")
    await transport.publish(to("work", "a", "b", "c"))
    deliveries = await inbox.take(3)
    sent = [
        [through("results", "work", "unbound")],
        to("work", "fine"),
        [through("reslts", "work", "no exchange")],
    ]
    ends = [
        Settlement(delivery, Verdict.DONE, outgoing)
        for delivery, outgoing in zip(deliveries, sent, strict=True)
    ]

    with pytest.raises(UnsettledError) as unknown:
        await transport.settle(ends)
    with pytest.raises(UnsettledError) as unbound:
        await transport.settle(ends[:2])
    await transport.settle(ends[1:2])
    await transport.publish(to("work", "end"))

    assert unknown.value.unroutable == {2: "work (exchange reslts)"}
    assert unbound.value.unroutable == {0: "work (exchange results)"}
    # What was sent beside the one that came back is not there twice.
    assert [each.message.id for each in await inbox.take(2)] == ["fine", "end"]


async def test_an_exchange_that_goes_away_takes_no_message_with_it(
    transport: RabbitTransport, plain: AbstractChannel
) -> None:
    results = await plain.declare_exchange("results", durable=True)
    archive = await plain.declare_queue("archive", durable=True)
    await archive.bind(results, "archive")
    await transport.publish([through("results", "archive", "a")])
    await results.delete()

    with pytest.raises(RefusedError, match="results"):
        await transport.publish([through("results", "archive", "b")])
    with pytest.raises(UnroutableError, match="results"):
        await transport.publish([through("results", "archive", "b")])
    await transport.publish(to("work", "c"))

    assert (await transport.depth("work")).ready == 1
