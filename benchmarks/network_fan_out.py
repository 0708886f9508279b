"""One message to 10,000 children over a network broker, against a bare loop.

Measured from the message put in until the report on it is there, which both send together
with the children. Both run in a process of their own.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence

from benchmarks.fan_out import CHILDREN, request
from benchmarks.network_relay import READY_S, Reports, processes
from recado.message import Message, Outgoing
from recado.transport import DEAD_LETTERS, make_transport
from tests.brokers import Server


async def run(server: Server, command: Sequence[str], times: int) -> list[float]:
    """Return the seconds that each of some fans took."""
    transport = make_transport(server.url)
    await transport.open()
    await transport.declare(["fan", "leaves", "events", DEAD_LETTERS])
    took: list[float] = []
    with processes([command]):
        await asyncio.sleep(READY_S)
        for _ in range(times):
            reports = Reports(transport, 1)
            consumer = await transport.consume("events", reports, prefetch=100)
            head, body = request(CHILDREN)
            began = time.perf_counter()
            await transport.publish([Outgoing("fan", Message(body, head))])
            await reports.all_in.wait()
            took.append(time.perf_counter() - began)
            await reports.settled()
            await consumer.cancel()
    await transport.close()
    return took


def measure(server: Server, loop: str, times: int) -> dict[str, float]:
    """Return children per second, the medians of some fans, and their ratio."""
    with tempfile.TemporaryDirectory() as folder:
        module = [sys.executable, "-m"]
        mine = [*module, "benchmarks.fanning", server.url, folder]
        its = [*module, f"benchmarks.bare.{loop}", server.url, "fan"]
        ours = statistics.median(asyncio.run(run(server, mine, times)))
        bare = statistics.median(asyncio.run(run(server, its, times)))
    return {
        "rate": CHILDREN / ours,
        "bare_rate": CHILDREN / bare,
        "rate_ratio": bare / ours,
    }
