"""A topic's message goes to everyone who listens when it is sent, and to nobody else."""

from recado.transport import Transport
from tests.transport.broker import Broker
from tests.transport.inbox import Inbox, eventually, ids, to, to_topic


async def test_every_subscriber_gets_every_message(
    broker: Broker, transport: Transport
) -> None:
    inboxes = [Inbox() for _ in range(3)]
    for inbox in inboxes:
        await (await broker.open()).subscribe("news", inbox)

    await transport.publish(to_topic("news", "a", "b"))

    for inbox in inboxes:
        assert ids(await inbox.take(2)) == ["a", "b"]


async def test_two_subscribers_of_one_connection_get_a_copy_each(
    transport: Transport,
) -> None:
    inboxes = [Inbox(), Inbox()]
    for inbox in inboxes:
        await transport.subscribe("news", inbox)

    await transport.publish(to_topic("news", "a"))

    assert [(await inbox.next()).message.id for inbox in inboxes] == ["a", "a"]


async def test_who_subscribes_late_gets_only_what_comes_then(
    transport: Transport,
) -> None:
    await transport.publish(to_topic("news", "early"))
    inbox = Inbox()
    await transport.subscribe("news", inbox)

    await transport.publish(to_topic("news", "late"))

    assert (await inbox.next()).message.id == "late"
    assert inbox.waiting == 0


async def test_a_topic_without_subscribers_is_no_error(transport: Transport) -> None:
    await transport.publish([*to_topic("news", "a"), *to("work", "b")])

    assert (await transport.depth("work")).total == 1


async def test_a_topic_and_a_queue_of_one_name_have_nothing_in_common(
    transport: Transport,
) -> None:
    inbox = Inbox()
    await transport.subscribe("work", inbox)

    await transport.publish([*to("work", "to the queue"), *to_topic("work", "to all")])

    assert (await inbox.next()).message.id == "to all"
    assert inbox.waiting == 0
    assert (await transport.depth("work")).total == 1


async def test_one_topic_is_not_another(transport: Transport) -> None:
    inbox = Inbox()
    await transport.subscribe("news", inbox)

    await transport.publish([*to_topic("newsletter", "no"), *to_topic("news", "yes")])

    assert (await inbox.next()).message.id == "yes"


async def test_more_than_the_prefetch_arrives_as_it_is_settled(
    transport: Transport,
) -> None:
    names = [f"m{number:02}" for number in range(20)]
    inbox = Inbox()
    await transport.subscribe("news", inbox, prefetch=3)
    await transport.publish(to_topic("news", *names))

    seen: list[str] = []
    for _ in names:
        delivery = await inbox.next()
        seen.append(delivery.message.id)
        await delivery.done()

    assert seen == names


async def test_what_a_subscriber_is_done_with_may_send(transport: Transport) -> None:
    inbox = Inbox()
    await transport.subscribe("news", inbox)
    await transport.publish(to_topic("news", "a"))

    await (await inbox.next()).done(to("work", "b"))

    assert (await transport.depth("work")).total == 1


async def test_who_cancels_gets_no_more_and_leaves_nothing_behind(
    broker: Broker, transport: Transport
) -> None:
    inbox = Inbox()
    consumer = await transport.subscribe("news", inbox)
    assert await broker.subscriptions("news") == 1

    await consumer.cancel()
    await transport.publish(to_topic("news", "a"))

    assert inbox.waiting == 0
    assert await broker.subscriptions("news") == 0


async def test_what_was_kept_for_a_subscriber_goes_away_when_it_closes(
    broker: Broker, transport: Transport
) -> None:
    subscriber = await broker.open()
    await subscriber.subscribe("news", Inbox(), prefetch=1)
    await transport.publish(to_topic("news", "a", "b", "c"))

    await subscriber.close()

    assert await broker.subscriptions("news") == 0


async def test_what_was_kept_for_a_subscriber_goes_away_when_it_dies(
    broker: Broker, transport: Transport
) -> None:
    subscriber = await broker.open()
    await subscriber.subscribe("news", Inbox(), prefetch=1)
    await transport.publish(to_topic("news", "a", "b", "c"))

    await broker.abandon(subscriber)

    async def gone() -> bool:
        return await broker.subscriptions("news") == 0

    await eventually(gone, "the dead subscriber's messages are gone")
