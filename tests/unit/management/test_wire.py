"""What becomes of a question if hosts are away, refuse, or are no RabbitMQ."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import TypeAlias

import pytest

from recado.errors import ConfigError, DisconnectedError, ManagementError, SchemaError
from recado.management import Management, management_address
from tests.brokers.ports import free_port

Answering: TypeAlias = Callable[[bytes], Awaitable[int]]

OVERVIEW = b'{"rabbitmq_version": "3.10.8"}'


def answer(status: str, body: bytes = b"") -> bytes:
    """Return an answer in HTTP, the last one of its connection."""
    head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close"
    return head.encode() + b"\r\n\r\n" + body


@pytest.fixture
async def answering() -> AsyncGenerator[Answering]:
    """Start hosts that give one answer to whatever is asked; returns their ports."""
    async with AsyncExitStack() as stack:

        async def start(said: bytes) -> int:
            async def serve(
                reader: asyncio.StreamReader, writer: asyncio.StreamWriter
            ) -> None:
                await reader.readuntil(b"\r\n\r\n")
                writer.write(said)
                await writer.drain()
                writer.close()

            server = await asyncio.start_server(serve, "127.0.0.1", 0)
            await stack.enter_async_context(server)
            return int(server.sockets[0].getsockname()[1])

        yield start


def management(*ports: int) -> Management:
    hosts = ",".join(f"127.0.0.1:{port}" for port in ports)
    return Management(management_address(f"http://me:secret@{hosts}/", ""))


async def test_the_next_host_is_asked_if_one_is_away(answering: Answering) -> None:
    port = await answering(answer("200 OK", OVERVIEW))

    async with management(free_port(), port) as there:
        assert await there.version() == (3, 10, 8)


async def test_if_no_host_answers_each_is_told_with_its_reason() -> None:
    first, second = free_port(), free_port()

    async with management(first, second) as there:
        with pytest.raises(DisconnectedError) as raised:
            await there.version()

    assert f"127.0.0.1:{first}: " in str(raised.value)
    assert f"127.0.0.1:{second}: " in str(raised.value)
    assert "secret" not in str(raised.value)


async def test_who_is_not_let_in_is_told_the_user(answering: Answering) -> None:
    port = await answering(answer("401 Unauthorized", b'{"error":"not_authorised"}'))

    async with management(port) as there:
        with pytest.raises(ConfigError, match="does not let user 'me' in"):
            await there.version()


async def test_a_refusal_has_the_reason_and_the_status(answering: Answering) -> None:
    reason = b'{"error":"bad_request","reason":"not &lt;so&gt;\\n\\nat all"}'
    port = await answering(answer("400 Bad Request", reason))

    async with management(port) as there:
        with pytest.raises(ManagementError) as raised:
            await there.queues("/")

    assert raised.value.status == 400
    assert str(raised.value) == "/api/queues/%2F: not <so> at all"


@pytest.mark.parametrize(
    "said",
    [
        answer("200 OK", b"<html>a proxy</html>"),
        answer("302 Found", b"<html>elsewhere</html>"),
    ],
)
async def test_what_is_no_json_is_not_taken_for_an_answer(
    answering: Answering, said: bytes
) -> None:
    async with management(await answering(said)) as there:
        with pytest.raises(ManagementError, match="is RabbitMQ there"):
            await there.version()


async def test_a_host_that_speaks_another_protocol_does_not_answer(
    answering: Answering,
) -> None:
    async with management(await answering(b"AMQP\x00\x00\x09\x01")) as there:
        with pytest.raises(DisconnectedError, match="does not speak HTTP"):
            await there.version()


async def test_an_answer_of_another_form_is_told_with_its_place(
    answering: Answering,
) -> None:
    port = await answering(answer("200 OK", b'[{"name": "v"}, {"name": 3}]'))

    async with management(port) as there:
        with pytest.raises(SchemaError, match=r"\[1\]\.name"):
            await there.vhosts()
        with pytest.raises(SchemaError, match="overview"):
            await there.version()
