"""Requests through the dispatcher, against Zocalo's, over the same RabbitMQ.

Both take the same requests for the same recipe of ten steps, by its name, fill in its
parameters, and send the first message to the same queue. Zocalo's is started as a site
does it, ``zocalo.service -s Dispatcher``, without a logbook; recado's beside an event
store that writes every run down. Each runs alone, in turns. The rate is from the first
request put in until the last first message has come, the ratio the median of the rounds'
ratios. The latency is from a request put in until its first message has come, at forty
requests a second, over all rounds. At last two instances of recado's share the work.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import cpu
from recado.clients.dispatch import request_message
from recado.message import Outgoing, decode
from recado.schemas.dispatch import DISPATCHER_QUEUE
from recado.transport import (
    DEAD_LETTERS,
    Delivery,
    Settlement,
    Transport,
    Verdict,
    make_transport,
)
from tests.brokers import RabbitMQ
from tests.integration.zocalo.neighbour import Zocalo

STEPS: Final = 10
_FIRST: Final = "first"
_QUEUES: Final = (DISPATCHER_QUEUE, "events", "eventstore", _FIRST, DEAD_LETTERS)
_TOPICS: Final = ("command", "transient.status")
_APART_S: Final = 0.025


def recipe() -> dict[str, Any]:
    """Return a chain of steps as a site has them, with parameters to be filled in."""
    steps: dict[str, Any] = {
        str(number): {
            "service": f"Step {number}",
            "queue": _FIRST if number == 1 else f"step.{number}",
            "parameters": {
                "id": "{ispyb_dcid}",
                "folder": "/data/{visit}/processed/{guid}/step-{ispyb_dcid}",
                "files": ["{visit}-1.h5", "{visit}-2.h5"],
                "options": {"cells": "{$REPLACE:cells}", "level": number},
            },
            **({"output": number + 1} if number < STEPS else {}),
        }
        for number in range(1, STEPS + 1)
    }
    return {**steps, "start": [[1, {"number": "{number}"}]]}


def request(number: int) -> Outgoing:
    """Return a request for a run of the recipe."""
    parameters = {
        "number": number,
        "ispyb_dcid": 527_189,
        "visit": "cm33866-1",
        "cells": [78.1, 78.1, 37.2, 90, 90, 90],
    }
    message = request_message(["ten"], parameters=parameters, user="gw56", host="ws1")
    return Outgoing(DISPATCHER_QUEUE, message)


class Arrivals:
    """Takes the first messages of runs, and notes when each came."""

    def __init__(self, transport: Transport) -> None:
        self.at: dict[int, float] = {}
        self._transport = transport
        self._tasks: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """Take messages."""
        now = time.perf_counter()
        for delivery in deliveries:
            number = int(decode(delivery.message.body)["payload"]["number"])
            self.at.setdefault(number, now)
        ends = [Settlement(each, Verdict.DONE) for each in deliveries]
        task = asyncio.create_task(self._transport.settle(ends))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._changed.set()

    async def all_of(self, numbers: range) -> None:
        """Wait until the first messages of some requests have come, and are settled."""
        while not self.at.keys() >= set(numbers):
            self._changed.clear()
            await self._changed.wait()
        await asyncio.gather(*self._tasks)


@dataclass(frozen=True, slots=True)
class Measured:
    """Requests per second, microseconds of CPU for each, and latencies in seconds."""

    rate: float
    cpu_us: float
    latencies: list[float]


async def measured(url: str, pids: Sequence[int], count: int, samples: int) -> Measured:
    """Measure dispatchers that run, or are about to."""
    transport = make_transport(url)
    await transport.open()
    arrivals = Arrivals(transport)
    consumer = await transport.consume(_FIRST, arrivals, prefetch=1_000)
    warm = range(100)
    await transport.publish([request(number) for number in warm])
    await arrivals.all_of(warm)
    numbers = range(100, 100 + count)
    load = [request(number) for number in numbers]
    used, began = cpu.used_s(pids), time.perf_counter()
    await transport.publish(load)
    await arrivals.all_of(numbers)
    took, used = time.perf_counter() - began, cpu.used_s(pids) - used
    later = range(numbers.stop, numbers.stop + samples)
    latencies = await _latencies(transport, arrivals, later)
    await consumer.cancel()
    await transport.close()
    return Measured(count / took, used / count * 1e6, latencies)


async def _latencies(
    transport: Transport, arrivals: Arrivals, numbers: range
) -> list[float]:
    sent: dict[int, float] = {}
    for number in numbers:
        outgoing = request(number)
        sent[number] = time.perf_counter()
        await transport.publish([outgoing])
        await asyncio.sleep(_APART_S)
    await arrivals.all_of(numbers)
    return [arrivals.at[number] - sent[number] for number in numbers]


@dataclass(frozen=True, slots=True)
class Course:
    """One server and folder that both dispatchers work with, and how much is asked."""

    server: RabbitMQ
    folder: Path
    zocalo: Zocalo
    count: int
    samples: int

    async def ours(self, instances: int = 1) -> Measured:
        """Measure recado's dispatcher."""
        async with self._running(["eventstore", *["dispatcher"] * instances]) as pids:
            return await self._measured(pids[1:])

    async def its(self) -> Measured:
        """Measure Zocalo's; it has a process more, which looks after it."""
        async with self.zocalo.serving("Dispatcher") as process:
            return await self._measured([process.pid])

    async def _measured(self, pids: Sequence[int]) -> Measured:
        return await measured(self.server.url, pids, self.count, self.samples)

    @asynccontextmanager
    async def _running(self, names: Sequence[str]) -> AsyncGenerator[list[int]]:
        """Run services of recado's for the length of a block; give their processes."""
        variables = {
            "RECADO_BROKER": self.server.url,
            "RECADO_RECIPES": str(self.zocalo.recipes),
            "RECADO_STATE": str(self.folder / "state"),
        }
        command = [sys.executable, "-m", "recado_cli", "service"]
        with (self.folder / "recado.log").open("ab") as log:
            running = [
                await asyncio.create_subprocess_exec(
                    *command, name, env=os.environ | variables, stdout=log, stderr=log
                )
                for name in names
            ]
        try:
            yield [process.pid for process in running]
        finally:
            for process in running:
                process.terminate()
            await asyncio.gather(*(process.wait() for process in running))


async def _declare(url: str) -> None:
    """Make the queues and topics: Zocalo's services make none."""
    transport = make_transport(url)
    await transport.open()
    await transport.declare(_QUEUES)
    for topic in _TOPICS:
        await transport.subscribe(topic, lambda _: None)
    await transport.close()


async def _run(course: Course, rounds: int) -> dict[str, float]:
    await _declare(course.server.url)
    pairs = [(await course.ours(), await course.its()) for _ in range(rounds)]
    two = await course.ours(instances=2)
    median = statistics.median
    mine, theirs = ([pair[i] for pair in pairs] for i in (0, 1))
    return {
        "rate": median(each.rate for each in mine),
        "zocalo_rate": median(each.rate for each in theirs),
        "rate_ratio": median(a.rate / b.rate for a, b in pairs),
        "rate_x2": two.rate,
        "cpu_us": median(each.cpu_us for each in mine),
        "zocalo_cpu_us": median(each.cpu_us for each in theirs),
        **_milliseconds("", mine),
        **_milliseconds("zocalo_", theirs),
    }


def _milliseconds(whose: str, rounds: Sequence[Measured]) -> dict[str, float]:
    latencies = [latency for each in rounds for latency in each.latencies]
    hundredths = statistics.quantiles(latencies, n=100)
    return {f"{whose}p{n}_ms": hundredths[n - 1] * 1e3 for n in (50, 99)}


def measure(
    server: RabbitMQ, count: int = 1_000, rounds: int = 3, samples: int = 300
) -> dict[str, float]:
    """Return rates, CPU and latencies of both, and how the rates compare."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zocalo = Zocalo(folder, server, "/")
        zocalo.add_recipe("ten", recipe())
        course = Course(server, folder, zocalo, count, samples)
        return asyncio.run(_run(course, rounds))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place, RabbitMQ(Path(place)) as own:
        for key, value in measure(own).items():
            print(f"{key:20} {value:12.3f}")
