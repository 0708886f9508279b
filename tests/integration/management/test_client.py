"""Everything that the client makes is there afterwards, whatever it is called."""

from __future__ import annotations

from urllib.parse import quote

import aio_pika
import pytest

from recado.errors import ManagementError
from recado.management import (
    Binding,
    Exchange,
    Management,
    Permission,
    Policy,
    Queue,
    User,
    hashed,
    matches,
)
from tests.brokers import RabbitMQ

ODD = "ä #/x%2F"


async def test_the_server_says_who_it_is_and_who_asks(management: Management) -> None:
    assert await management.version() >= (3, 10)
    assert await management.user_name() == "guest"


async def test_queues_exchanges_and_bindings_are_made_and_deleted(
    management: Management, path: str
) -> None:
    queue = Queue(vhost=path, name=ODD, arguments={"x-queue-type": "quorum"})
    exchange = Exchange(vhost=path, name=f"{ODD}x", type="topic", durable=True)
    keys = ["", "#.a/b", "plain"]
    await management.put(queue)
    await management.put(exchange)
    for key in keys:
        await management.put(
            Binding(
                vhost=path,
                source=exchange.name,
                destination=queue.name,
                routing_key=key,
                arguments={"n": 1},
            )
        )

    (found,) = await management.queues(path)
    ways = [each for each in await management.bindings(path) if each.source]
    assert (found.place, found.arguments) == (queue.place, queue.arguments)
    assert exchange in await management.exchanges(path)
    assert sorted(way.routing_key for way in ways) == keys

    for way in ways:
        await management.delete(way)
    await management.delete(exchange)
    for _ in range(2):
        await management.delete(queue)

    assert [each for each in await management.bindings(path) if each.source] == []
    assert exchange not in await management.exchanges(path)
    assert await management.queues(path) == []


async def test_users_permissions_and_policies_are_made_and_changed(
    management: Management, path: str
) -> None:
    user = User(name=ODD + path, tags=("monitoring",), password_hash=hashed("first"))
    rights = Permission(vhost=path, user=user.name, configure="", write="a", read="b")
    policy = Policy(vhost=path, name=ODD, pattern="^a", definition={"max-length": 1})
    try:
        for each in (user, rights, policy):
            await management.put(each)
        changed = user.model_copy(
            update={"tags": ("management",), "password_hash": hashed("second")}
        )
        wider = rights.model_copy(update={"read": ".*"})
        other = policy.model_copy(update={"priority": 3, "apply_to": "queues"})
        for each in (changed, wider, other):
            await management.put(each)

        (found,) = [it for it in await management.users() if it.place == user.place]
        assert found.tags == ("management",)
        assert matches("second", found.password_hash)
        assert wider in await management.permissions()
        assert await management.policies(path) == [other]
    finally:
        await management.delete(user)


async def test_a_classic_queue_is_deleted_as_unused_only_if_it_holds_nothing(
    rabbitmq: RabbitMQ, management: Management, path: str
) -> None:
    queue = Queue(vhost=path, name="work")
    await management.put(queue)
    url = rabbitmq.url_with(quote(path, safe=""))
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        message = aio_pika.Message(
            b"kept", delivery_mode=aio_pika.DeliveryMode.PERSISTENT
        )
        await channel.default_exchange.publish(message, "work")

        with pytest.raises(ManagementError, match="not empty") as raised:
            await management.delete_unused(queue)

        assert raised.value.status == 400
        work = await channel.get_queue("work")
        taken = await work.get()
        assert taken.body == b"kept"
        await taken.ack()
    await management.delete_unused(queue)

    assert await management.queues(path) == []


@pytest.mark.parametrize("type_", ["quorum", "stream"])
async def test_other_queues_cannot_be_deleted_as_unused(
    management: Management, path: str, type_: str
) -> None:
    queue = Queue(vhost=path, name="work", arguments={"x-queue-type": type_})
    await management.put(queue)

    with pytest.raises(ManagementError, match="whatever it holds"):
        await management.delete_unused(queue)

    assert len(await management.queues(path)) == 1


async def test_a_refusal_says_what_the_server_says(
    management: Management, path: str
) -> None:
    await management.put(Queue(vhost=path, name="work"))

    with pytest.raises(ManagementError, match="inequivalent arg 'x-queue-type'"):
        await management.put(
            Queue(vhost=path, name="work", arguments={"x-queue-type": "quorum"})
        )
