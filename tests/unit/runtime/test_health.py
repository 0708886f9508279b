"""Health and metrics, asked for over HTTP."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import socket
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest

from recado import Message, Service, Step
from recado.config import Settings
from recado.errors import ConfigError
from recado.health import Health
from recado.heartbeat import STATUS_TOPIC
from recado.message import decode
from recado.testing import Harness
from recado.transport.base import Delivery

SETTINGS = Settings(health_port=0)


class Resize(Service):
    queue = "resize"

    def __init__(self) -> None:
        self.gate = asyncio.Event()
        self.gate.set()
        self.began = asyncio.Event()

    async def handle(self, message: Message, step: Step) -> None:
        self.began.set()
        await self.gate.wait()
        if message.payload == "bad":
            raise ValueError("bad")
        await step.send(message.payload)


async def ask(url: str, path: str, method: str = "GET") -> tuple[int, str]:
    """Return the status and the body of an answer."""
    host, port = url.removeprefix("http://").rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    writer.write(
        f"{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n".encode()
    )
    head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), body


async def told_url(h: Harness) -> str | None:
    """Return where the service's next heartbeat says that it answers."""
    heard: asyncio.Queue[Message] = asyncio.Queue()

    def deliver(deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            heard.put_nowait(each.message)

    listening = await h.transport.subscribe(STATUS_TOPIC, deliver)
    await h.advance(5)
    await listening.cancel()
    told: str | None = decode((await heard.get()).body)["recado"]["health"]
    return told


@asynccontextmanager
async def served(service: Service) -> AsyncGenerator[tuple[Harness, str]]:
    """Run a service with a health port, and say where it answers."""
    async with Harness(service, settings=SETTINGS) as h:
        assert h.runtime.health_url is not None
        yield h, h.runtime.health_url


def samples(text: str) -> dict[str, float]:
    """Return the metrics that have a value."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, value in (it.rsplit(" ", 1) for it in lines)}


async def test_it_lives_and_is_ready_where_its_heartbeats_say() -> None:
    async with served(Resize()) as (h, url):
        assert await told_url(h) == url
        assert await ask(url, "/live") == (200, '{"live":true}')
        assert await ask(url, "/ready") == (200, '{"ready":true}')


async def test_an_instance_whose_broker_is_away_lives_but_is_not_ready(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with served(Resize()) as (h, url):
        monkeypatch.setattr(type(h.transport), "is_alive", False)

        assert (await ask(url, "/live"))[0] == 200
        status, body = await ask(url, "/ready")
        assert (status, json.loads(body)["reason"]) == (
            503,
            "the broker is away, or a queue is not taken from",
        )
        assert (
            samples((await ask(url, "/metrics"))[1])[
                'recado_connected{service="resize"}'
            ]
            == 0
        )


async def test_it_is_not_ready_before_it_has_started() -> None:
    starting, asked = asyncio.Event(), asyncio.Event()

    class Slow(Service):
        queue = "slow"

        async def started(self) -> None:
            starting.set()
            await asked.wait()

        async def handle(self, message: Message, step: Step) -> None: ...

    h = Harness(Slow(), settings=SETTINGS)
    entering = asyncio.create_task(h.__aenter__())
    await starting.wait()
    url = h.runtime.health_url
    assert url is not None

    status, body = await ask(url, "/ready")
    asked.set()
    await entering

    assert (status, json.loads(body)["reason"]) == (503, "starting")
    assert (await ask(url, "/ready"))[0] == 200
    await h.__aexit__(None, None, None)


async def test_while_it_drains_it_is_not_ready_and_afterwards_it_does_not_answer() -> (
    None
):
    service = Resize()
    async with served(service) as (h, url):
        service.gate.clear()
        await h.send("good")
        await service.began.wait()
        h.runtime.stop()
        draining = asyncio.create_task(h.runtime.drain())
        await asyncio.sleep(0)

        status, body = await ask(url, "/ready")
        service.gate.set()
        await draining

        assert (status, json.loads(body)["reason"]) == (503, "draining")
        with pytest.raises(ConnectionRefusedError):
            await ask(url, "/live")


async def test_the_metrics_tell_what_became_of_messages_by_queue() -> None:
    service = Resize()
    async with served(service) as (h, url):
        for payload in ("good", "bad", "good"):
            await h.send(payload)
        await h.settle()
        service.gate.clear()
        service.began.clear()
        await h.send("held")
        await service.began.wait()

        status, text = await ask(url, "/metrics")
        service.gate.set()

    found = samples(text)
    label = 'queue="resize",service="resize"'
    assert status == 200
    assert found['recado_info{service="resize",version="0.1.0"}'] == 1
    assert found['recado_ready{service="resize"}'] == 1
    assert found['recado_connected{service="resize"}'] == 1
    assert found['recado_blocked{service="resize"}'] == 0
    assert found['recado_unsettled{service="resize"}'] == 0
    assert found[f"recado_in_work{{{label}}}"] == 1
    assert found[f"recado_handling_seconds_count{{{label}}}"] == 3
    assert found["process_resident_memory_bytes"] > 0
    assert {
        outcome: found[f'recado_messages_total{{outcome="{outcome}",{label}}}']
        for outcome in ("handled", "failed", "dead", "released")
    } == {"handled": 2, "failed": 1, "dead": 0, "released": 0}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [("GET", "/nothing", 404), ("POST", "/ready", 405), ("GET", "/live/../x", 404)],
)
async def test_anything_else_is_refused(method: str, path: str, expected: int) -> None:
    async with served(Resize()) as (_, url):
        assert (await ask(url, path, method))[0] == expected


async def test_a_port_that_is_taken_is_told_with_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        with pytest.raises(ConfigError) as caught:
            async with Harness(Resize(), settings=Settings(health_port=port)):
                pass

    assert str(caught.value) == (
        f"health_port {port} at 127.0.0.1: Address already in use;"
        " name another one, or 0 for any that is free"
    )


async def test_signals_and_logging_stay_as_they_are() -> None:
    before = (
        signal.getsignal(signal.SIGTERM),
        signal.getsignal(signal.SIGINT),
        list(logging.getLogger().handlers),
    )

    async with served(Resize()):
        during = (
            signal.getsignal(signal.SIGTERM),
            signal.getsignal(signal.SIGINT),
            list(logging.getLogger().handlers),
        )

    assert during == before
    assert not logging.getLogger("uvicorn").handlers


async def test_without_a_port_nothing_listens_and_nobody_is_told_of_a_url() -> None:
    async with Harness(Resize()) as h:
        assert h.runtime.health_url is None
        assert await told_url(h) is None


async def test_it_answers_at_ipv6_addresses_too() -> None:
    class Well:
        def unready(self) -> str:
            return ""

        def metrics(self) -> bytes:
            return b""

    health = Health("::1", 0, Well())
    try:
        url = await health.start()
    except ConfigError:
        pytest.skip("this host has no ::1")

    assert url.startswith("http://[::1]:")
    assert (await ask(url, "/ready"))[0] == 200
    await health.stop()
