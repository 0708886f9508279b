"""The event store's appends against a bare sqlite3 ``executemany`` with the same dedupe.

Both write the same events to files in one folder, in turns, each batch in a transaction
that is on disk when it ends (WAL, synchronous FULL), each event id once. Run it as
``python benchmarks/event_append.py``; the ratio is the median over the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from recado.events import HANDLED, Event, append_message, run_stream
from recado.ids import new_id
from recado.message import encode
from recado_eventstore.intake import append_of_messages
from recado_eventstore.sqlite import SqliteStore
from recado_eventstore.store import Append

_TABLE = """
CREATE TABLE events (
    position INTEGER PRIMARY KEY, id BLOB NOT NULL UNIQUE, stream TEXT NOT NULL,
    version INTEGER NOT NULL, type TEXT NOT NULL, at REAL NOT NULL, data TEXT NOT NULL,
    UNIQUE (stream, version)
)
"""
_INSERT = """
INSERT INTO events (id, stream, version, type, at, data) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
"""
Batches = Sequence[Sequence[Event]]


def facts(batches: int, size: int) -> Batches:
    """Return batches of events that belong to no run, in streams of ten."""
    data = {"text": "x" * 180, "number": 12345, "flag": True}
    return [
        [_event(f"order-{batch}-{index // 10}", data) for index in range(size)]
        for batch in range(batches)
    ]


def reports(batches: int, size: int) -> Batches:
    """Return batches of handled messages, of ten runs."""
    return [
        [_handled(f"{batch // 20}-{index % 10}", index % 3) for index in range(size)]
        for batch in range(batches)
    ]


def bare(path: Path, batches: Batches) -> float:
    """Return the seconds that a bare connection takes."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = FULL")
    db.execute(_TABLE)
    versions: Counter[str] = Counter()
    began = time.perf_counter()
    for batch in batches:
        db.execute("BEGIN IMMEDIATE")
        db.executemany(_INSERT, [_row(event, versions) for event in batch])
        db.execute("COMMIT")
    seconds = time.perf_counter() - began
    db.close()
    return seconds


async def appended(path: Path, batches: Batches) -> float:
    """Return the seconds that the store takes, one append for each batch."""
    store = SqliteStore(path)
    await store.open()
    began = time.perf_counter()
    for batch in batches:
        await store.append(Append.of(batch))
    seconds = time.perf_counter() - began
    await store.close()
    return seconds


async def received(path: Path, batches: Batches) -> float:
    """Return the seconds from messages on: reading and checking them included."""
    messages = [append_message(batch, "") for batch in batches]
    store = SqliteStore(path)
    await store.open()
    began = time.perf_counter()
    for message in messages:
        await store.append(append_of_messages([message]))
    seconds = time.perf_counter() - began
    await store.close()
    return seconds


def compare(name: str, batches: Batches, rounds: int, folder: Path) -> None:
    """Print events per second of each variant, and their ratios to the bare one."""
    total = sum(map(len, batches))
    taken: dict[str, list[float]] = {"bare": [], "store": [], "from messages": []}
    for number in range(rounds):
        path = folder / f"{name}-{len(batches[0])}-{number}"
        taken["bare"].append(bare(path.with_suffix(".bare"), batches))
        store = asyncio.run(appended(path.with_suffix(".store"), batches))
        taken["store"].append(store)
        read = asyncio.run(received(path.with_suffix(".messages"), batches))
        taken["from messages"].append(read)
    for variant, seconds in taken.items():
        pairs = zip(taken["bare"], seconds, strict=True)
        ratio = median(base / own for base, own in pairs)
        rate = total / median(seconds)
        print(f"{name:8} {len(batches[0]):5} {variant:14} {rate:9,.0f}/s {ratio:5.2f}")


def main() -> None:
    """Compare for each batch size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100, 500])
    options = parser.parse_args()
    print("events   batch variant            rate    ratio to bare")
    with tempfile.TemporaryDirectory() as folder:
        for size in options.sizes:
            number = options.events // size
            for make in (facts, reports):
                compare(make.__name__, make(number, size), options.rounds, Path(folder))


def _event(stream: str, data: Mapping[str, object]) -> Event:
    return Event(new_id(), stream, "order.placed", data, 1.7e9)


def _handled(run: str, step: int) -> Event:
    data = {
        "message": new_id(),
        "queue": "resize",
        "service": "resize",
        "instance": "host.4711",
        "step": step,
        "attempt": 1,
        "children": 1,
        "checksum": "0123456789abcdef",
        "ms": 1.25,
    }
    return Event(new_id(), run_stream(run), HANDLED, data, 1.7e9)


def _row(
    event: Event, versions: Counter[str]
) -> tuple[bytes, str, int, str, float, str]:
    versions[event.stream] += 1
    key = bytes.fromhex(event.id.replace("-", ""))
    data = encode(event.data).decode()
    return key, event.stream, versions[event.stream], event.type, event.at, data


if __name__ == "__main__":
    main()
