"""Three steps in three processes over RabbitMQ or ActiveMQ, against a bare loop.

Both carry the same recipe messages of 1 kB through the same queues of the same broker, with
the same durability and prefetch. Measured from the first message put in until every step
has reported every message: the reports are counted as they come. CPU is that of the three
processes, and of the broker, while that went on. The two take turns, and each ratio is the
median of the rounds' ratios. With more instances, each step has so many processes.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks import cpu
from benchmarks.relay import STEPS, messages
from recado.message import Message, Outgoing, decode
from recado.transport import (
    DEAD_LETTERS,
    Delivery,
    Settlement,
    Transport,
    Verdict,
    make_transport,
)
from tests.brokers import Server

PREFETCH: Final = 100
_LOAD: Final = 500
READY_S: Final = 2.0
"""Processes are started by then: that is not what is measured."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Messages through all steps per second; CPU in microseconds per message and step."""

    rate: float
    cpu_us: float
    broker_cpu_us: float


class Reports:
    """Counts the reported messages, and takes the reports out of their queue."""

    def __init__(self, transport: Transport, wanted: int) -> None:
        self._transport = transport
        self._left = wanted
        self._tasks: set[asyncio.Task[None]] = set()
        self.all_in = asyncio.Event()

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Take reports."""
        for delivery in deliveries:
            self._left -= len(decode(delivery.message.body)["events"])
        ends = [Settlement(each, Verdict.DONE) for each in deliveries]
        task = asyncio.create_task(self._transport.settle(ends))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if self._left <= 0:
            self.all_in.set()

    async def settled(self) -> None:
        """Wait until all that came is out of the queue."""
        await asyncio.gather(*self._tasks)


@contextmanager
def processes(commands: Sequence[Sequence[str]]) -> Generator[list[int]]:
    """Run processes until the block ends; give their numbers."""
    running = [subprocess.Popen(command) for command in commands]
    try:
        yield [process.pid for process in running]
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(30)


def ours(url: str, folder: str) -> list[list[str]]:
    """Return the commands of recado's steps."""
    module = [sys.executable, "-m", "benchmarks.relaying"]
    return [[*module, step, url, folder, str(PREFETCH)] for step in STEPS]


def bare(url: str, loop: str) -> list[list[str]]:
    """Return the commands of the bare loop's steps."""
    return [[sys.executable, "-m", f"benchmarks.bare.{loop}", url, s] for s in STEPS]


async def run(
    server: Server, commands: Sequence[Sequence[str]], count: int
) -> Measured:
    """Measure one relay of so many messages."""
    transport = make_transport(server.url)
    await transport.open()
    await transport.declare([*STEPS, "events", DEAD_LETTERS])
    with processes(commands) as started:
        await asyncio.sleep(READY_S)
        reports = Reports(transport, count * len(STEPS))
        await transport.consume("events", reports, prefetch=1_000)
        load = [Outgoing("one", Message(body, head)) for head, body in messages(count)]
        before = cpu.used_s(started), cpu.used_s([server.pid])
        began = time.perf_counter()
        for first in range(0, count, _LOAD):
            await transport.publish(load[first : first + _LOAD])
        await reports.all_in.wait()
        took = time.perf_counter() - began
        after = cpu.used_s(started), cpu.used_s([server.pid])
        await reports.settled()
    await transport.close()
    share = 1e6 / count / len(STEPS)
    services, broker = ((b - a) * share for a, b in zip(before, after, strict=True))
    return Measured(count / took, services, broker)


def measure(
    server: Server, loop: str, count: int, rounds: int, instances: int = 1
) -> dict[str, float]:
    """Return rates, CPU and ratios against a bare loop (``rabbitmq`` or ``stomp``)."""
    pairs: list[tuple[Measured, Measured]] = []
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            mine = asyncio.run(run(server, ours(server.url, folder) * instances, count))
            its = asyncio.run(run(server, bare(server.url, loop) * instances, count))
            pairs.append((mine, its))
    median = statistics.median
    return {
        "rate": median(a.rate for a, _ in pairs),
        "bare_rate": median(b.rate for _, b in pairs),
        "rate_ratio": median(a.rate / b.rate for a, b in pairs),
        "cpu_us": median(a.cpu_us for a, _ in pairs),
        "bare_cpu_us": median(b.cpu_us for _, b in pairs),
        "cpu_ratio": median(a.cpu_us / b.cpu_us for a, b in pairs),
        "broker_cpu_us": median(a.broker_cpu_us for a, _ in pairs),
        "bare_broker_cpu_us": median(b.broker_cpu_us for _, b in pairs),
    }
