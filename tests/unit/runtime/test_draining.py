"""The life of a runtime: it waits for its broker, takes part, drains, and says how it went."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from recado import Message, Service, Step
from recado.config import Settings
from recado.errors import DisconnectedError
from recado.message import Outgoing, encode
from recado.runtime import ExitCode, Runtime
from recado.runtime.commands import COMMAND_TOPIC, is_shutdown
from recado.testing import Harness, VirtualClock
from recado.transport.base import Settlement
from recado.transport.embedded import EmbeddedTransport


class Gated(Service):
    queue = "gated"
    concurrency = 2
    prefetch = 10

    def __init__(self) -> None:
        self.begun: list[object] = []
        self.finished: list[object] = []
        self.at_work = asyncio.Event()
        self.gate = asyncio.Event()
        self.cleaned_up = False

    async def handle(self, message: Message, step: Step) -> None:
        self.begun.append(message.payload)
        if len(self.begun) == self.concurrency:
            self.at_work.set()
        await self.gate.wait()
        self.finished.append(message.payload)

    async def stopped(self) -> None:
        self.cleaned_up = True


@asynccontextmanager
async def at_work(service: Gated) -> AsyncGenerator[Harness]:
    """Give a service six messages, of which it works on two."""
    async with Harness(service) as h:
        for number in range(6):
            await h.send(number)
        async with asyncio.timeout(5):
            await service.at_work.wait()
        yield h


def left_behind(h: Harness, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the past attempts of what is in the queue when the connection ends."""
    left: list[int] = []
    close = h.transport.close

    async def look_and_close() -> None:
        left.extend(row.attempt for row in await h.transport.browse("gated"))
        await close()

    monkeypatch.setattr(h.transport, "close", look_and_close)
    return left


async def test_a_drain_finishes_what_has_begun_and_puts_back_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Gated()
    async with at_work(service) as h:
        left = left_behind(h, monkeypatch)
        h.runtime.stop()
        draining = asyncio.create_task(h.runtime.drain())
        service.gate.set()

        assert await draining is ExitCode.DRAINED
        assert sorted(map(str, service.finished)) == sorted(map(str, service.begun))
        assert service.cleaned_up
        assert left == [0] * 4


async def test_when_the_grace_period_is_over_the_rest_is_put_back() -> None:
    service = Gated()
    async with at_work(service) as h:
        h.runtime.stop()
        draining = asyncio.create_task(h.runtime.drain())
        await asyncio.sleep(0)
        h.clock.move_to(h.clock.now + 30)

        assert await draining is ExitCode.RELEASED
        assert service.finished == []


async def test_a_second_signal_puts_back_at_once() -> None:
    service = Gated()
    async with at_work(service) as h:
        h.runtime.stop()
        h.runtime.stop()

        assert await h.runtime.drain() is ExitCode.RELEASED
        assert service.finished == []


async def test_what_a_drain_put_back_is_not_counted_as_an_attempt(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Gated()
    async with at_work(service) as h:
        left = left_behind(h, monkeypatch)
        h.runtime.stop()
        h.runtime.stop()
        await h.runtime.drain()

        assert left == [0] * 6


async def test_settlements_that_the_broker_never_takes_are_left_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service = Gated()
    async with at_work(service) as h:

        async def away(
            settlements: Sequence[Settlement], outgoing: Sequence[Outgoing] = ()
        ) -> None:
            raise DisconnectedError("away")

        monkeypatch.setattr(h.transport, "settle", away)
        h.runtime.stop()
        draining = asyncio.create_task(h.runtime.drain())
        service.gate.set()
        for _ in range(10):
            await asyncio.sleep(0)
            h.clock.move_to(h.clock.now + 30)

        assert await draining is ExitCode.RELEASED


async def test_a_handler_that_will_not_end_does_not_keep_the_service() -> None:
    class Stubborn(Gated):
        async def handle(self, message: Message, step: Step) -> None:
            self.at_work.set()
            while not self.gate.is_set():
                try:
                    await self.gate.wait()
                except asyncio.CancelledError:
                    continue

    service = Stubborn()
    async with at_work(service) as h:
        h.runtime.stop()
        h.runtime.stop()
        draining = asyncio.create_task(h.runtime.drain())
        for _ in range(10):
            await asyncio.sleep(0)
            h.clock.move_to(h.clock.now + 2)

        assert await draining is ExitCode.RELEASED
        service.gate.set()


class Away(EmbeddedTransport):
    """A transport whose broker comes up only later."""

    def __init__(self, times: int, clock: VirtualClock) -> None:
        super().__init__("sqlite:///:memory:", clock=clock)
        self.times = times

    async def open(self) -> None:
        self.times -= 1
        if self.times >= 0:
            raise DisconnectedError("nobody listens")
        await super().open()


async def moved_on(
    clock: VirtualClock, task: asyncio.Task[ExitCode], until: str
) -> None:
    with capture_logs() as lines:
        async with asyncio.timeout(5):
            while not task.done() and until not in {line["event"] for line in lines}:
                await asyncio.sleep(0)
                clock.move_to(clock.now + 20)


async def test_a_service_waits_for_its_broker() -> None:
    clock = VirtualClock()
    runtime = Runtime(Gated(), Away(3, clock), Settings(), clock=clock)
    running = asyncio.create_task(runtime.run())
    await moved_on(clock, running, until="service.ready")
    runtime.stop()

    assert await running is ExitCode.DRAINED


async def test_a_service_that_waits_for_its_broker_can_be_stopped() -> None:
    clock = VirtualClock()
    runtime = Runtime(Gated(), Away(99, clock), Settings(), clock=clock)
    running = asyncio.create_task(runtime.run())
    await asyncio.sleep(0)
    runtime.stop()

    assert await running is ExitCode.DRAINED


class Slow(Gated):
    """Takes for ever to get ready."""

    async def started(self) -> None:
        self.at_work.set()
        await self.gate.wait()


async def test_a_service_that_gets_ready_can_be_stopped_and_cleans_nothing_up() -> None:
    service = Slow()
    runtime = Runtime(service, EmbeddedTransport("sqlite:///:memory:"), Settings())
    running = asyncio.create_task(runtime.run())
    await service.at_work.wait()
    runtime.stop()

    assert await running is ExitCode.DRAINED
    assert not service.cleaned_up


async def test_a_service_that_gets_ready_is_not_asked_how_it_is() -> None:
    class Counting(Slow):
        def status(self) -> dict[str, object]:
            return {"finished": len(self.counted)}

        async def started(self) -> None:
            await super().started()
            self.counted: list[object] = []

    service = Counting()
    with capture_logs() as logs:
        harness = Harness(service)
        starting = asyncio.create_task(harness.__aenter__())
        await service.at_work.wait()
        await harness.runtime.settled()
        service.gate.set()
        await starting
        await harness.__aexit__(None, None, None)

    assert "status.failed" not in {line["event"] for line in logs}


async def test_a_service_stopped_before_its_broker_came_has_nothing_to_clean_up() -> (
    None
):
    class Away(EmbeddedTransport):
        async def open(self) -> None:
            runtime.stop()
            raise DisconnectedError("nobody is there")

    service = Gated()
    runtime = Runtime(service, Away("sqlite:///:memory:"), Settings())

    assert await runtime.run() is ExitCode.DRAINED
    assert not service.cleaned_up


async def test_queues_that_are_missing_end_a_service_that_may_only_look() -> None:
    runtime = Runtime(
        Gated(), EmbeddedTransport("sqlite:///:memory:"), Settings(topology="verify")
    )
    with capture_logs() as lines:
        code = await runtime.run()

    assert code is ExitCode.BROKE
    (line,) = [line for line in lines if line["event"] == "service.broke"]
    assert "'gated'" in line["error"]


async def test_a_service_that_cannot_start_says_why() -> None:
    class Broken(Gated):
        async def started(self) -> None:
            raise OSError("no such device")

    runtime = Runtime(Broken(), EmbeddedTransport("sqlite:///:memory:"), Settings())

    with capture_logs() as lines:
        code = await runtime.run()

    assert code is ExitCode.BROKE
    assert "OSError: no such device" in [line.get("error") for line in lines]


async def test_a_service_that_cannot_clean_up_has_broken() -> None:
    class Messy(Gated):
        async def stopped(self) -> None:
            raise OSError("stuck")

    async with Harness(Messy()) as h:
        h.runtime.stop()

        assert await h.runtime.drain() is ExitCode.BROKE


async def test_two_runtimes_of_a_process_have_two_names() -> None:
    async with Harness(Gated()) as one, Harness(Gated()) as other:
        assert one.runtime.instance != other.runtime.instance


@pytest.mark.parametrize("key", ["host", "service"])
async def test_a_command_stops_the_service_that_it_names(key: str) -> None:
    async with Harness(Gated()) as h:
        value = h.runtime.instance if key == "host" else "gated"
        await h.transport.publish(
            [
                Outgoing(
                    COMMAND_TOPIC,
                    Message(encode({"command": "shutdown", key: value}), {}),
                    is_topic=True,
                )
            ]
        )
        async with asyncio.timeout(5):
            await h.runtime.stopping.wait()


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b'{"command": "shutdown"}',
        b'{"command": "restart", "service": "gated"}',
        b'{"command": "shutdown", "service": "other", "host": "elsewhere.1"}',
    ],
)
def test_other_commands_stop_nobody(body: bytes) -> None:
    assert not is_shutdown(body, "host.1", Gated)


async def test_attempts_beyond_what_the_broker_allows_are_pointed_out() -> None:
    from recado import RetryPolicy

    class Persistent(Gated):
        retry = RetryPolicy(attempts=10_000)

    with capture_logs() as lines:
        async with Harness(Persistent()):
            pass

    assert "policy.beyond_ceiling" in [line["event"] for line in lines]
