"""Sessions: how soon one request is answered, and how many in a second.

``python -m benchmarks.sessions`` An event store and one or two expanders, as processes, on
the embedded broker. Latency is that of one asker who waits for each answer; the rates are
those of a hundred who do, in one session, and in twenty of five each. Every move is on disk
before it is answered, and every read has asked the event store.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.suite import SERVICE, at_work
from recado.clients.experiments import Experiments
from recado.errors import RemoteError, UnroutableError
from recado.transport import Transport, make_transport

ASKERS: Final = 100
EACH: Final = 20
"""Requests of each of them."""
SESSIONS: Final = 20
ALONE: Final = 200
"""Requests of the one whose latency is measured."""

Request = Callable[[str, int], Awaitable[object]]


def measure(instances: int) -> dict[str, float]:
    """Return latencies in ms and rates in requests a second, of reads and of moves."""
    expanders = {f"expander {n}": (*SERVICE, "expander") for n in range(instances)}
    with TemporaryDirectory() as name:
        folder = Path(name)
        with at_work(folder, {"eventstore": (*SERVICE, "eventstore"), **expanders}):
            return asyncio.run(_drive(f"sqlite:///{folder}/broker.db"))


class ToAndFro:
    """Moves participants between two blocks, so that each move is a change."""

    def __init__(self, client: Experiments) -> None:
        self._client = client
        self._places: dict[tuple[str, int], int] = {}

    async def __call__(self, session: str, participant: int) -> None:
        """Move a participant to the block where they are not."""
        place = 1 - self._places.get((session, participant), 1)
        self._places[session, participant] = place
        await self._client.move_to_block(session, place, participant)


async def _drive(url: str) -> dict[str, float]:
    transport = make_transport(url)
    await transport.open()
    client = Experiments(transport, timeout_s=60.0)
    try:
        await _begin(transport, client)
        figures: dict[str, float] = {}
        requests: dict[str, Request] = {
            "read": client.block_id,
            "move": ToAndFro(client),
        }
        for what, request in requests.items():
            median, late = await _latency(request)
            figures[f"{what}_ms"], figures[f"{what}_p99_ms"] = median, late
            figures[f"{what}s_one_session"] = await _rate(request, 1)
            figures[f"{what}s_{SESSIONS}_sessions"] = await _rate(request, SESSIONS)
        return figures
    finally:
        await transport.close()


async def _begin(transport: Transport, client: Experiments) -> None:
    async with asyncio.timeout(30):
        while True:
            try:
                await client.list()
                break
            except (UnroutableError, RemoteError):  # nobody is there yet
                await asyncio.sleep(0.1)
    for session in range(SESSIONS):
        await client.open(_name(session), "study.toml")
        await asyncio.gather(
            *(client.add_participant(_name(session), n) for n in range(2, ASKERS + 1))
        )


async def _latency(request: Request) -> tuple[float, float]:
    took: list[float] = []
    for _ in range(ALONE):
        began = time.perf_counter()
        await request(_name(0), 1)
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), statistics.quantiles(took, n=100)[-1]


async def _rate(request: Request, sessions: int) -> float:
    async def asker(number: int) -> None:
        for _ in range(EACH):
            await request(_name(number % sessions), number + 1)

    began = time.perf_counter()
    await asyncio.gather(*(asker(number) for number in range(ASKERS)))
    return ASKERS * EACH / (time.perf_counter() - began)


def _name(session: int) -> str:
    return f"session-{session}"


def main() -> None:
    """Print the figures of one instance, and of two."""
    for instances in (1, 2):
        for key, value in measure(instances).items():
            print(f"sessions x{instances} {key:24} {value:10.2f}", flush=True)


if __name__ == "__main__":
    main()
