"""Hearing who is there, and having them end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from types import SimpleNamespace
from typing import Any

import pytest

from recado import control
from recado.control import Listener, listening, shutdown_of
from recado.heartbeat import EXPIRES_S, STATUS_TOPIC, Status
from recado.message import Message, Outgoing, decode, encode
from recado.runtime.commands import COMMAND_TOPIC
from recado.schemas.registry import Beat
from recado.transport import Delivery, Transport, make_transport
from recado_cli.shutdown.stopping import ends


@pytest.fixture
async def transport() -> AsyncGenerator[Transport]:
    it = make_transport("sqlite:///:memory:")
    await it.open()
    yield it
    await it.close()


async def say(transport: Transport, content: object) -> None:
    message = Message(encode(content), {})
    await transport.publish([Outgoing(STATUS_TOPIC, message, is_topic=True)])


def beat(host: str, status: Status = Status.IDLE) -> dict[str, Any]:
    return {"host": host, "status": int(status), "service": "it", "workflows": "3.3"}


async def until_heard(listener: Listener, *hosts: str) -> None:
    async with asyncio.timeout(5):
        while not listener.heard.keys() >= set(hosts):
            listener.changed.clear()
            await listener.changed.wait()


async def test_heartbeats_are_heard_and_rubbish_is_not(transport: Transport) -> None:
    async with listening(transport) as listener:
        for rubbish in ("x", {"host": "a b", "status": 1}, {"host": "a" * 20_000}):
            await say(transport, rubbish)
        await say(transport, beat("ws.1"))
        await say(transport, beat("ws.2", Status.END))
        await until_heard(listener, "ws.1", "ws.2")

    assert list(listener.heard) == ["ws.1", "ws.2"]
    assert list(listener.present) == ["ws.1"]


async def test_without_a_registry_everybody_is_heard_within_a_round(
    transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(control, "ROUND_S", 0.2)
    async with listening(transport) as listener:
        began = time.monotonic()
        everybody = asyncio.create_task(listener.everybody())
        await say(transport, beat("ws.1"))
        await everybody

    assert time.monotonic() - began >= 0.2
    assert list(listener.present) == ["ws.1"]


async def test_if_only_some_matter_it_ends_once_they_are_heard(
    transport: Transport,
) -> None:
    async with asyncio.timeout(5), listening(transport) as listener:
        everybody = asyncio.create_task(listener.everybody(["ws.1"]))
        await say(transport, beat("ws.2"))
        await until_heard(listener, "ws.2")
        assert not everybody.done()
        await say(transport, beat("ws.1"))
        await everybody


async def test_a_command_reaches_those_who_listen(transport: Transport) -> None:
    heard: asyncio.Queue[Delivery] = asyncio.Queue()
    await transport.subscribe(COMMAND_TOPIC, lambda them: heard.put_nowait(them[0]))

    await control.command(transport, shutdown_of(host="ws.1"))

    delivery = await asyncio.wait_for(heard.get(), 5)
    assert decode(delivery.message.body) == {"command": "shutdown", "host": "ws.1"}


def hear(listener: Listener, host: str, status: Status, at: float) -> None:
    known = Beat.model_validate(beat(host, status))
    listener.heard[host] = control.Heard(known, at)
    listener.changed.set()


async def test_nobody_ends_by_silence_while_the_broker_is_away() -> None:
    away: Any = SimpleNamespace(is_alive=False)
    listener = Listener(away)
    hear(listener, "ws.1", Status.IDLE, time.monotonic() - EXPIRES_S - 1)

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(anext(ends(listener, ["ws.1"])), 0.2)


async def test_instances_end_by_their_last_heartbeat_or_by_silence(
    transport: Transport,
) -> None:
    listener = Listener(transport)
    now = time.monotonic()
    hear(listener, "ws.1", Status.END, now)
    hear(listener, "ws.2", Status.ERROR, now)
    hear(listener, "ws.3", Status.IDLE, now - EXPIRES_S - 1)
    hear(listener, "ws.4", Status.IDLE, now - EXPIRES_S + 0.2)
    hear(listener, "ws.5", Status.PROCESSING, now)

    seen: list[tuple[str, str]] = []
    async with asyncio.timeout(5):
        async for name, end in ends(listener, ["ws.1", "ws.2", "ws.3", "ws.4", "ws.5"]):
            seen.append((name, end))
            if name == "ws.4":
                hear(listener, "ws.5", Status.TEARDOWN, time.monotonic())

    assert seen == [
        ("ws.1", "ended"),
        ("ws.2", "broken"),
        ("ws.3", "silent"),
        ("ws.4", "silent"),
        ("ws.5", "ended"),
    ]
