"""ActiveMQ's dead letters: each world's tools work with what the other's have left."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from recado.transport import Transport, make_transport
from tests.brokers import ActiveMQ
from tests.integration.activemq.stomp import Stomp
from tests.integration.deadletters.tools import Recado
from tests.integration.zocalo.neighbour import Zocalo
from tests.transport.inbox import consuming

Both: TypeAlias = tuple[Recado, Zocalo]


@pytest.fixture
async def transport(activemq: ActiveMQ, space: str) -> AsyncGenerator[Transport]:
    """A connection to the namespace, with the queue that messages die in."""
    transport = make_transport(activemq.url_with(space))
    await transport.open()
    await transport.declare(["resize"])
    yield transport
    await transport.close()


async def die(server: ActiveMQ, queue: str, *bodies: bytes) -> None:
    """Have messages die in a queue, as those die that a Zocalo service refuses."""
    destination = f"/queue/{queue}"
    own = {"persistent": "true", "workflows-recipe": "True", "text": "x"}
    async with Stomp(server) as stomp:
        for body in bodies:
            await stomp.do("SEND", body, destination=destination, **own)
        await stomp.do(
            "SUBSCRIBE", id="1", destination=destination, ack="client-individual"
        )
        for each in [await stomp.next() for _ in bodies]:
            own = {"subscription": "1", "message-id": each.headers["message-id"]}
            await stomp.do("NACK", b"", **own)


async def test_check_counts_at_once_what_died_in_the_namespace_and_what_was_taken(
    on_activemq: Both, activemq: ActiveMQ, space: str, transport: Transport
) -> None:
    recado, _ = on_activemq
    before = await recado.run("dlq", "check")
    await die(activemq, f"{space}.resize", b"1", b"2")
    await die(activemq, f"{space}x.resize", b"3")

    found, named, elsewhere = await asyncio.gather(
        recado.run("dlq", "check", "--json"),
        recado.run("dlq", "check", "resize"),
        recado.run("dlq", "check", "-n", f"{space}x", "--json"),
    )
    purged = await recado.run("dlq", "purge")
    after = await recado.run("dlq", "check")

    place = f"DLQ.{space}.resize"
    assert (before.code, after.code) == (0, 0), (before.err, after.err)
    assert (found.code, found.json["queues"]) == (1, {place: 2})
    assert (named.code, named.out) == (1, f"2 messages in {place}\n")
    assert elsewhere.json["queues"] == {f"DLQ.{space}x.resize": 1}
    assert len(purged.out.splitlines()) == 2, purged.err


async def test_what_zocalos_tool_purged_can_be_sent_again(
    on_activemq: Both, activemq: ActiveMQ, space: str, transport: Transport
) -> None:
    recado, zocalo = on_activemq
    await die(activemq, f"{space}.resize", b'{"number": 1}', b"{}")

    purged = await zocalo.run("dlq_purge", "--wait", "2", f"{space}.resize")
    (recado.folder / "purged").write_text(purged.text)
    sent = await recado.shell(f"{recado.line('dlq', 'reinject', '-r')} < purged")
    inbox = await consuming(transport, "resize")
    came = await inbox.take(2)

    assert purged.code == 0, purged.text
    assert sent.code == 0, sent.err
    assert sorted(json.loads(it.message.body).get("number", 0) for it in came) == [0, 1]
    for each in came:
        headers = dict(each.message.headers)
        assert headers.pop("recado-id")
        assert headers == {
            "workflows-recipe": "True",
            "text": "x",
            "dlq-reinjected": "True",
            "recado-adopted": "true",
        }
        await each.done()
    assert files(recado.folder / "DLQ") == []


async def test_what_was_purged_can_be_sent_again_by_zocalos_tool(
    on_activemq: Both, activemq: ActiveMQ, space: str, transport: Transport
) -> None:
    recado, zocalo = on_activemq
    await die(activemq, f"{space}.resize", b'{"number": 1}', b'{"number": 2}')

    purged = await recado.run("dlq", "purge")
    sent = await zocalo.run("dlq_reinject", "-r", *purged.out.split())
    inbox = await consuming(transport, "resize")
    came = await inbox.take(2)

    assert (purged.code, len(purged.out.split())) == (0, 2), purged.err
    assert sent.code == 0, sent.text
    assert sorted(json.loads(it.message.body)["number"] for it in came) == [1, 2]
    for each in came:
        await each.done()


async def test_a_file_tells_where_and_when_and_a_pipe_sends_it_again(
    on_activemq: Both, activemq: ActiveMQ, space: str, transport: Transport
) -> None:
    recado, _ = on_activemq
    await die(activemq, f"{space}.resize", b'{"number":  1}')

    purged = await recado.run("dlq", "purge", "resize")
    dump: Any = json.loads((recado.folder / purged.out.strip()).read_text())
    sent = await recado.run("dlq", "reinject", purged.out.strip())
    inbox = await consuming(transport, "resize")
    (came,) = await inbox.take(1)
    await came.done()

    header = dump["header"]
    assert header["original-destination"] == f"/queue/{space}.resize"
    assert header["destination"] == f"/queue/DLQ.{space}.resize"
    assert header["timestamp"].isdecimal()
    assert sent.code == 0, sent.err
    assert came.message.body == b'{"number":  1}'


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
