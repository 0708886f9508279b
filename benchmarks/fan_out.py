"""One message to 10,000 children, against a bare sqlite3 loop that sends as many.

Measured from the message put in to the last child on disk; the service runs in a process of
its own, the bare loop in this one, without waiting for anybody.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
import tempfile
import time
from typing import Any, Final

from benchmarks.bare import sqlite as bare
from benchmarks.relay import processes
from recado.envelope import Envelope
from recado.ids import new_id
from recado.message import ID, RECIPE, RUN, Message, Outgoing, encode
from recado.transport import make_transport

CHILDREN: Final = 10_000
_RECIPE: Final[dict[str, Any]] = {
    "start": [[1, []]],
    "1": {"queue": "fan", "output": [2]},
    "2": {"queue": "leaves"},
}


def request(children: int) -> tuple[dict[str, str], bytes]:
    run = new_id()
    envelope = Envelope(_RECIPE, 1, [], {"ID": run})
    prefix = envelope.prefix(encode(_RECIPE), 1, [])
    body = prefix + encode({"children": children}) + b"}"
    return {RECIPE: "true", ID: new_id(), RUN: run}, body


def bare_fans(times: int, children: int) -> list[float]:
    """Return the seconds that each of some fans took in the bare loop."""
    took: list[float] = []
    with tempfile.TemporaryDirectory() as folder:
        database = bare.connect(f"{folder}/bare.db")
        for _ in range(times):
            began = time.perf_counter()
            bare.preload(database, "fan", [request(children)])
            bare.fan_out(database)
            took.append(time.perf_counter() - began)
        database.close()
    return took


def embedded_fans(times: int, children: int) -> list[float]:
    """Return the seconds that each of some fans took on the embedded broker."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/broker.db"
        command = [sys.executable, "-m", "benchmarks.fanning", url, folder]
        with processes([command]):
            return asyncio.run(_drive(url, times, children))


async def _drive(url: str, times: int, children: int) -> list[float]:
    transport = make_transport(url)
    await transport.open()
    await transport.declare(["leaves"])
    while "fan" not in await transport.depths():
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)
    took: list[float] = []
    for _ in range(times):
        head, body = request(children)
        began = time.perf_counter()
        await transport.publish([Outgoing("fan", Message(body, head))])
        # The request is gone in the transaction that brings the children.
        while (await transport.depth("fan")).total:
            await asyncio.sleep(0.002)
        took.append(time.perf_counter() - began)
    assert (await transport.depth("leaves")).total == times * children
    await transport.close()
    return took


def measure(times: int, children: int = CHILDREN) -> dict[str, float]:
    """Return children per second, the medians of some fans, and their ratio."""
    ours = statistics.median(embedded_fans(times, children))
    loop = statistics.median(bare_fans(times, children))
    return {
        "embedded_rate": children / ours,
        "bare_rate": children / loop,
        "rate_ratio": loop / ours,
    }


if __name__ == "__main__":
    for name, value in measure(int(sys.argv[1])).items():
        print(f"{name:16} {value:10.2f}")
