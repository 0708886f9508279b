"""Expanders at work: many participants, one or more instances, on the embedded broker.

``python -m benchmarks.expander_service PARTICIPANTS...`` A study of six blocks with two
draws each. By participant, each message goes on to a service that takes it; by chunk, the
JSON-lines sink writes all of them into one file. Dispatcher and event store are at work as
well. Measured from the request to the end of the run; memory is each process's peak.
"""

from __future__ import annotations

import asyncio
import os
import re
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from benchmarks.cpu import used_s
from benchmarks.suite import SERVICE, at_work
from recado.clients.dispatch import request_message, submit
from recado.clients.eventlog import EventLog
from recado.errors import NotFoundError, RequestTimeoutError
from recado.ids import new_id
from recado.schemas.events import RunReply
from recado.transport import Transport, make_transport

_LAST: Final[dict[str, dict[str, Any]]] = {
    "participant": {"queue": "taker"},
    "chunk": {
        "queue": "jsonlines",
        "parameters": {"output_filename": "all.jsonl", "each": "participants"},
    },
}
_LOOK_S: Final = 0.25


def recipe(participants: int, by: str) -> dict[str, Any]:
    """Return the recipe: the expander, and what comes behind it."""
    asked = {"study": "study.toml", "participants": f"1-{participants}", "by": by}
    return {
        "start": [[1, {}]],
        "1": {"queue": "expander", "parameters": asked, "output": 2},
        "2": _LAST[by],
    }


def commands(folder: Path, instances: int, by: str) -> dict[str, Sequence[str]]:
    """Return what is started."""
    url = f"sqlite:///{folder}/broker.db"
    last = {
        "participant": ("-m", "benchmarks.taking", "taker", url, str(folder)),
        "chunk": (*SERVICE, "jsonlines"),
    }
    expanders = {f"expander {n}": (*SERVICE, "expander") for n in range(instances)}
    return {
        "dispatcher": (*SERVICE, "dispatcher"),
        "eventstore": (*SERVICE, "eventstore"),
        **expanders,
        "last": last[by],
    }


def measure(participants: int, instances: int, by: str) -> dict[str, float]:
    """Return the rate, and each process's CPU for a participant and memory."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        with at_work(folder, commands(folder, instances, by)) as pids:
            figures = asyncio.run(_drive(folder, participants, by, pids))
        if by == "chunk":
            with (folder / "all.jsonl").open("rb") as file:
                assert sum(1 for _ in file) == participants
        return figures


async def _drive(
    folder: Path, participants: int, by: str, pids: Mapping[str, int]
) -> dict[str, float]:
    transport = make_transport(f"sqlite:///{folder}/broker.db")
    await transport.open()
    async with asyncio.timeout(30):
        await _declared(transport, [_LAST[by]["queue"], "expander", "eventstore"])
    before = {name: used_s([pid]) for name, pid in pids.items()}
    began = time.perf_counter()
    run = new_id()
    asked = request_message(custom=recipe(participants, by), parameters={"guid": run})
    await submit(transport, asked)
    shown = await _finished(EventLog(transport, timeout_s=30), run)
    took = time.perf_counter() - began
    await transport.close()
    assert (shown.state, shown.dead) == ("done", 0), shown
    figures = {"rate": participants / took}
    for name, pid in pids.items():
        used = used_s([pid]) - before[name]
        figures[f"{name} cpu_us"] = used / participants * 1e6
        figures[f"{name} peak_mib"] = _peak_mib(pid)
    return figures


async def _declared(transport: Transport, queues: Sequence[str]) -> None:
    while not set(queues) <= set(await transport.depths()):
        await asyncio.sleep(0.05)
    await asyncio.sleep(1)


async def _finished(log: EventLog, run: str) -> RunReply:
    while True:
        try:
            shown = await log.run(run)
        except (NotFoundError, RequestTimeoutError):
            pass
        else:
            if shown.state in ("done", "incomplete"):
                return shown
        # Asked now and then only: the event store has other work.
        await asyncio.sleep(_LOOK_S)


def _peak_mib(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    (kib,) = re.findall(r"VmHWM:\s+(\d+) kB", status)
    return int(kib) / 1024


def main() -> None:
    """Measure and print."""
    for participants in map(int, sys.argv[1:]):
        for by in _LAST:
            for instances in (1, 2):
                figures = measure(participants, instances, by)
                load = os.getloadavg()[0]
                print(
                    f"{participants:,} by {by}, {instances} instances, load {load:.1f}"
                )
                for name, value in figures.items():
                    print(f"  {name:24} {value:10.1f}", flush=True)


if __name__ == "__main__":
    main()
