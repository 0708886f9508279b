"""RabbitMQ's dead letters: each world's tools work with what the other's have left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, TypeAlias

import aio_pika
import pytest
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage

from tests.brokers import RabbitMQ
from tests.integration.deadletters.tools import Recado
from tests.integration.zocalo.neighbour import Zocalo

Both: TypeAlias = tuple[Recado, Zocalo]
HEADERS: dict[str, Any] = {"workflows-recipe": True, "count": 5, "text": "x"}


@pytest.fixture
async def plain(rabbitmq: RabbitMQ, path: str) -> AsyncGenerator[AbstractChannel]:
    """A channel of somebody's, with queues as Zocalo's tool makes them."""
    async with await aio_pika.connect(rabbitmq.url_with(path)) as connection:
        channel = await connection.channel(on_return_raises=True)
        for name in ("resize", "other"):
            await channel.declare_queue(
                f"dlq.{name}", durable=True, arguments={"x-queue-type": "quorum"}
            )
            await channel.declare_queue(
                name,
                durable=True,
                arguments={
                    "x-queue-type": "quorum",
                    "x-dead-letter-exchange": "",
                    "x-dead-letter-routing-key": f"dlq.{name}",
                },
            )
        yield channel


async def die(channel: AbstractChannel, queue: str, *bodies: bytes) -> None:
    """Have messages die in a queue, as those die that a Zocalo service refuses."""
    for body in bodies:
        message = aio_pika.Message(body, headers=dict(HEADERS), delivery_mode=2)
        await channel.default_exchange.publish(message, queue)
    taken = await take(channel, queue, len(bodies))
    for each in taken:
        await each.reject(requeue=False)
    there = await channel.get_queue(f"dlq.{queue}")
    await there.declare()


async def take(
    channel: AbstractChannel, queue: str, count: int
) -> list[AbstractIncomingMessage]:
    """Take messages, waiting for them; they are not acknowledged."""
    there = await channel.get_queue(queue)
    found: list[AbstractIncomingMessage] = []
    async with there.iterator(timeout=20) as messages:
        async for message in messages:
            found.append(message)
            if len(found) == count:
                break
    return found


async def contents(channel: AbstractChannel, queue: str) -> list[bytes]:
    """Return what is in a queue, and take it."""
    there = await channel.get_queue(queue)
    found: list[bytes] = []
    while message := await there.get(no_ack=True, fail=False):
        found.append(message.body)
    return found


async def test_check_counts_at_once_what_died_and_what_was_taken(
    on_rabbitmq: Both, plain: AbstractChannel, rabbitmq: RabbitMQ, path: str
) -> None:
    recado, zocalo = on_rabbitmq
    management = f"http://guest:guest@{rabbitmq.host}:{rabbitmq.http_port}/"
    before = await recado.run("dlq", "check", "--management", management, "--json")
    await die(plain, "resize", b"1", b"2")

    zocalo.add_recipe("one", {"1": {"queue": "resize"}, "start": [[1, []]]})
    by_management, by_name, by_recipe = await asyncio.gather(
        recado.run("dlq", "check", "--management", management),
        recado.run("dlq", "check", "resize"),
        recado.run("dlq", "check", "--json"),
    )
    purged = await recado.run("dlq", "purge", "--management", management)
    after = await recado.run("dlq", "check", "--management", management)

    assert (before.code, before.json["queues"]) == (
        0,
        {"dlq.other": 0, "dlq.resize": 0},
    )
    for each in (by_management, by_name):
        assert (each.code, each.out) == (1, "2 messages in dlq.resize\n"), each.err
    assert (by_recipe.code, by_recipe.json["queues"]) == (1, {"dlq.resize": 2})
    assert "--management names" in by_recipe.err
    assert len(purged.out.splitlines()) == 2, purged.err
    assert (after.code, after.out) == (0, ""), after.err


async def test_another_virtual_host_can_be_checked(
    on_rabbitmq: Both, plain: AbstractChannel, rabbitmq: RabbitMQ, path: str
) -> None:
    recado, _ = on_rabbitmq
    await die(plain, "resize", b"1")
    elsewhere = Recado(recado.folder, rabbitmq.url_with("nowhere"))

    there, not_there = await asyncio.gather(
        elsewhere.run("dlq", "check", "resize", "-n", path),
        elsewhere.run("dlq", "check", "resize"),
    )

    assert (there.code, not_there.code) == (1, 2), (there.err, not_there.err)


async def test_what_zocalos_tool_purged_can_be_sent_again(
    on_rabbitmq: Both, plain: AbstractChannel
) -> None:
    recado, zocalo = on_rabbitmq
    bodies = [b'{"number": 1}', b'{"number": 2}', b"{}", b"0"]
    await die(plain, "resize", *bodies)

    purged = await zocalo.run("dlq_purge", "resize", "--wait", "2")
    (recado.folder / "purged").write_text(purged.text)
    sent = await recado.shell(f"{recado.line('dlq', 'reinject', '-r')} < purged")
    came = await take(plain, "resize", len(bodies))

    assert purged.code == 0, purged.text
    assert sent.code == 0, sent.err
    assert sorted(json.dumps(json.loads(it.body)).encode() for it in came) == sorted(
        bodies
    )
    for each in came:
        headers = dict(each.headers)
        assert headers.pop("recado-id")
        assert headers == {
            "workflows-recipe": "True",
            "count": "5",
            "text": "x",
            "dlq-reinjected": "True",
            "recado-adopted": "true",
        }
    assert files(recado.folder / "DLQ") == []


async def test_what_was_purged_can_be_sent_again_by_zocalos_tool(
    on_rabbitmq: Both, plain: AbstractChannel
) -> None:
    recado, zocalo = on_rabbitmq
    await die(plain, "resize", b'{"number": 1}', b'{"number": 2}')
    await die(plain, "other", b'{"number": 3}')

    purged = await recado.run("dlq", "purge", "resize", "other")
    sent = await zocalo.run("dlq_reinject", "-r", *purged.out.split())
    resized = await take(plain, "resize", 2)
    others = await take(plain, "other", 1)

    assert (purged.code, len(purged.out.split())) == (0, 3), purged.err
    assert sent.code == 0, sent.text
    assert sorted(json.loads(it.body)["number"] for it in resized) == [1, 2]
    assert json.loads(others[0].body) == {"number": 3}
    assert others[0].headers["workflows-recipe"] == "True"
    assert files(recado.folder / "DLQ") == []


async def test_a_pipe_from_purge_to_reinject_sends_everything_again(
    on_rabbitmq: Both, plain: AbstractChannel
) -> None:
    recado, _ = on_rabbitmq
    bodies = [b'{"number": %d}' % number for number in range(120)]
    await die(plain, "resize", *bodies, b"\xff\x00 no json")

    purge, reinject = (
        recado.line("dlq", "purge", "resize"),
        recado.line("dlq", "reinject", "-r"),
    )
    ran = await recado.shell(f"{purge} | {reinject}")

    assert ran.code == 0, ran.err
    assert sorted(await contents(plain, "resize")) == sorted(
        [*bodies, b"\xff\x00 no json"]
    )
    assert await contents(plain, "dlq.resize") == []


async def test_a_file_tells_where_and_when_and_why(
    on_rabbitmq: Both, plain: AbstractChannel
) -> None:
    recado, _ = on_rabbitmq
    await die(plain, "resize", b'{"number": 1}')

    purged = await recado.run("dlq", "purge", "resize")

    dump: Any = json.loads((recado.folder / purged.out.strip()).read_text())
    (death,) = dump["header"]["x-death"]
    assert (death["queue"], death["reason"]) == ("resize", "rejected")
    assert isinstance(death["time"], float)
    assert dump["message"] == {"number": 1}
    assert dump["header"]["routing_key"] == "dlq.resize"


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
