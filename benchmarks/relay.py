"""Three steps in three processes, against a bare sqlite3 loop in three processes.

Both carry the same recipe messages of 1 kB through the same file format, on the same disk,
with the same durability. Measured from the first message put in to the last one out; rates
are messages through all three steps per second, CPU that of the three processes. The two
take turns, and the ratio is the median of the rounds' ratios.
"""

from __future__ import annotations

import asyncio
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from benchmarks.bare import sqlite as bare
from recado.envelope import Envelope
from recado.ids import new_id
from recado.message import ID, RECIPE, RUN, Message, Outgoing, encode
from recado.transport import Transport, make_transport

STEPS: Final = ("one", "two", "three")
_RECIPE: Final[dict[str, Any]] = {
    "start": [[1, []]],
    "1": {"queue": "one", "output": [2]},
    "2": {"queue": "two", "output": [3]},
    "3": {"queue": "three"},
}
_LOAD: Final = 500
"""Messages put in by one transaction."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A rate in messages per second, and CPU in microseconds per message and step."""

    rate: float
    cpu_us: float


def messages(count: int) -> list[tuple[dict[str, str], bytes]]:
    """Return recipe messages for the first step, of about 1 kB each."""
    run = new_id()
    envelope = Envelope(_RECIPE, 1, [], {"ID": run}, {"text": "x" * 700})
    prefix = envelope.prefix(encode(_RECIPE), 1, [])
    body = prefix + encode(envelope.payload) + b"}"
    return [({RECIPE: "true", ID: new_id(), RUN: run}, body) for _ in range(count)]


@contextmanager
def processes(commands: Sequence[Sequence[str]]) -> Generator[None]:
    """Run processes until the block ends, then stop them."""
    running = [subprocess.Popen(command) for command in commands]
    try:
        yield
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait(30)


def children_cpu_s() -> float:
    """Return the CPU seconds of the processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def bare_relay(count: int) -> Measured:
    """Measure the bare loop."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/bare.db"
        database = bare.connect(path)
        before = children_cpu_s()
        module = [sys.executable, "-m", "benchmarks.bare.sqlite", path]
        with processes([[*module, step] for step in STEPS]):
            time.sleep(1)  # they are started: that is not what is measured
            load = messages(count)
            began = time.perf_counter()
            for first in range(0, count, _LOAD):
                bare.preload(database, "one", load[first : first + _LOAD])
            while bare.left(database, STEPS):
                time.sleep(0.01)
            took = time.perf_counter() - began
        database.close()
        return Measured(count / took, (children_cpu_s() - before) / count / 3 * 1e6)


def embedded_relay(count: int, options: str = "") -> Measured:
    """Measure three services on the embedded broker."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/broker.db{options}"
        before = children_cpu_s()
        module = [sys.executable, "-m", "benchmarks.relaying"]
        with processes([[*module, step, url, folder, "200"] for step in STEPS]):
            took = asyncio.run(_drive(url, count))
        return Measured(count / took, (children_cpu_s() - before) / count / 3 * 1e6)


async def _drive(url: str, count: int) -> float:
    transport = make_transport(url)
    await transport.open()
    await _until_declared(transport)
    await asyncio.sleep(1)
    load = [Outgoing("one", Message(body, head)) for head, body in messages(count)]
    began = time.perf_counter()
    for first in range(0, count, _LOAD):
        await transport.publish(load[first : first + _LOAD])
    while await _left(transport):
        await asyncio.sleep(0.01)
    took = time.perf_counter() - began
    await transport.close()
    return took


async def _until_declared(transport: Transport) -> None:
    while not set(STEPS) <= set(await transport.depths()):
        await asyncio.sleep(0.05)


async def _left(transport: Transport) -> int:
    depths = await transport.depths()
    return sum(depths[step].total for step in STEPS)


def measure(count: int, rounds: int) -> dict[str, float]:
    """Return rates, CPU and their ratios; the medians of some rounds."""
    pairs = [(embedded_relay(count), bare_relay(count)) for _ in range(rounds)]
    return {
        "embedded_rate": statistics.median(ours.rate for ours, _ in pairs),
        "bare_rate": statistics.median(loop.rate for _, loop in pairs),
        "rate_ratio": statistics.median(ours.rate / loop.rate for ours, loop in pairs),
        "embedded_cpu_us": statistics.median(ours.cpu_us for ours, _ in pairs),
        "bare_cpu_us": statistics.median(loop.cpu_us for _, loop in pairs),
    }


if __name__ == "__main__":
    for name, value in measure(int(sys.argv[1]), int(sys.argv[2])).items():
        print(f"{name:16} {value:10.2f}")
